"""Lines of several batch sizes on one stream of samples: against a bare loop of torch, and after a stop."""

from pathlib import Path

import pytest
import torch
from hydra import compose, initialize_config_dir
from hydra.errors import InstantiationException
from hydra.utils import instantiate
from lightning.pytorch import Callback, LightningDataModule, Trainer
from omegaconf import OmegaConf
from torch import nn

from dlexp.schema import register
from dlexp.tasks.gradient_descent import GradientDescent

pytestmark = pytest.mark.filterwarnings("ignore:.*LeafSpec", "ignore:.*returned `None`")
CONF = Path(__file__).parents[2] / "conf"
SMALL = ("data.samples=24", "data.validation=10", "data.test=12", "data.batch_size=5", "task.batch_sizes=[24,8,1]")


def build(*words: str) -> tuple[GradientDescent, LightningDataModule]:
    register()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        cfg = compose("config", ["task=gradient_descent", *SMALL, *words])
    parts = {name: cfg[name] for name in ("model", "data", "optimizer", "task", "seed")}
    root = OmegaConf.create(parts)
    return instantiate(root.task, _convert_="all"), instantiate(root.data, _convert_="all")


def trainer(folder: Path, *callbacks: Callback, epochs: int = 3) -> Trainer:
    return Trainer(
        accelerator="cpu",
        max_epochs=epochs,
        default_root_dir=folder,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        callbacks=list(callbacks),
    )


@pytest.mark.parametrize("rule", ["sgd", "momentum"])
def test_every_line_is_a_bare_loop_of_its_batch_size(tmp_path, rule):
    task, data = build(f"optimizer={rule}_scratch", "optimizer.lr=0.02")
    runner = trainer(tmp_path)
    runner.fit(task, data)
    path = torch.stack(task.path)  # (S + 1, 3, 2)
    assert path.shape == (3 * 24 + 1, 3, 2)
    assert runner.global_step == 3 * 5
    loader, samples = data.train_dataloader(), []
    for epoch in range(3):
        loader.sampler.set_epoch(epoch)
        samples += list(loader)
    x, y = (torch.cat(parts) for parts in zip(*samples, strict=True))  # (72, 1), (72,)
    for w, size in enumerate((24, 8, 1)):
        layer = nn.Linear(1, 1)
        nn.init.constant_(layer.weight, -1.0)
        nn.init.constant_(layer.bias, 4.0)
        momentum = 0.9 if rule == "momentum" else 0.0
        optimizer = torch.optim.SGD(layer.parameters(), lr=0.02, momentum=momentum)
        for t in range(0, 72, size):
            expected = torch.stack([layer.weight[0, 0], layer.bias[0]]).detach()
            torch.testing.assert_close(path[t : t + size, w], expected.expand(size, 2), rtol=1e-4, atol=1e-4)
            optimizer.zero_grad()
            nn.functional.mse_loss(layer(x[t : t + size]).squeeze(1), y[t : t + size]).backward()
            optimizer.step()


def test_losses_are_those_of_the_whole_split(tmp_path):
    task, data = build()
    runner = trainer(tmp_path)
    runner.fit(task, data)
    runner.test(task, data, verbose=False, ckpt_path=None)
    metrics = {name: value.item() for name, value in runner.callback_metrics.items()}
    x, y = data.features("test")[:, 0], data.labels("test")
    for (w, b), size in zip(task.model.lines, (24, 8, 1), strict=True):
        assert metrics[f"test/loss_{size}"] == pytest.approx(((w * x + b - y) ** 2).mean().item(), rel=1e-5)
    assert metrics["test/loss"] == min(metrics[f"test/loss_{size}"] for size in (24, 8, 1))
    assert metrics.keys() <= task.logged
    x, y = data.features("train")[:, 0].double(), data.labels("train").double()
    slope = ((x * y).mean() - x.mean() * y.mean()) / ((x * x).mean() - x.mean() ** 2)
    torch.testing.assert_close(task.solution, torch.stack([slope, y.mean() - slope * x.mean()]))


class StopAt(Callback):
    def __init__(self, step: int) -> None:
        self.step = step

    def on_train_batch_end(self, trainer: Trainer, pl_module: GradientDescent, *_: object) -> None:
        if trainer.global_step == self.step:
            trainer.save_checkpoint(Path(trainer.default_root_dir) / "stopped.ckpt")
            raise KeyboardInterrupt


def test_a_descent_that_was_stopped_goes_on_bit_by_bit(tmp_path):
    words = ("optimizer=momentum_scratch", "optimizer.lr=0.02", "task.batch_sizes=[24,7,1]")  # 7 reaches across epochs
    unbroken, data = build(*words)
    trainer(tmp_path).fit(unbroken, data)
    stopped, data = build(*words)
    with pytest.raises((KeyboardInterrupt, SystemExit)):
        trainer(tmp_path, StopAt(8)).fit(stopped, data)
    task, data = build(*words)
    runner = trainer(tmp_path)
    # Lightning forgets the loader's place where it has asked for the number of steps; callbacks/checkpoint.py knows
    runner.fit(task, data, ckpt_path=tmp_path / "stopped.ckpt", weights_only=True)
    assert torch.equal(torch.stack(task.path), torch.stack(unbroken.path))


@pytest.mark.parametrize("word", ["task.batch_sizes=[24,8]", "task.batch_sizes=[8,8,1]", "task.batch_sizes=[0,8,1]"])
def test_bad_batch_sizes_are_refused(word):
    with pytest.raises(InstantiationException, match=r"task\.batch_sizes"):
        build(word)


def test_what_it_cannot_fit_is_refused():
    with pytest.raises(InstantiationException, match="fits lines"):
        build("data=clouds")


def test_who_diverges_is_named(tmp_path):
    task, data = build("optimizer.lr=0.6")
    with pytest.raises(Exception, match=r"the line of batch size \d+ has diverged: lower optimizer\.lr"):
        trainer(tmp_path, epochs=60).fit(task, data)


def test_the_command_leaves_its_figure(launch, tmp_path):
    end = launch("task=gradient_descent", "trainer.max_epochs=4", "logger=none", *SMALL, folder=tmp_path / "run")
    assert (end.code, end.result["status"]) == (0, "finished")
    assert (tmp_path / "run" / "figures" / "batch_sizes.png").is_file()
    metrics = end.result["metrics"]
    assert metrics["train/loss_1"] < metrics["train/loss_24"]
