"""What tasks without classes share: the means that an epoch logs, divergence, and the losses in a checkpoint."""

from functools import partial

import pytest
import torch
from lightning.pytorch import Callback, Trainer
from torch import Tensor, nn
from torch.utils.data import DataLoader

from dlexp.errors import Diverged, InputError
from dlexp.optim.schedules import constant
from dlexp.tasks.epoch_losses import EpochLosses


class Line(EpochLosses):
    """Learns y = w x; notes its loss in every step and half of it in every other."""

    def __init__(self, **changes: object) -> None:
        arguments = {"optimizer": partial(torch.optim.SGD, lr=0.1), "scheduler": constant}
        torch.manual_seed(0)
        super().__init__(model=nn.Linear(1, 1), monitor="train/loss", mode="min", **(arguments | changes))
        self.seen: list[float] = []

    def training_step(self, batch: Tensor, batch_idx: int) -> Tensor:
        loss = (self.model(batch) - 3 * batch).square().mean()
        self.note(loss=loss, **({"half_of_it": loss / 2} if batch_idx % 2 else {}))
        self.seen.append(loss.item())
        return loss


def fit(module: EpochLosses, *callbacks: Callback, batches: DataLoader, **options: object) -> Trainer:
    quiet = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False}
    trainer = Trainer(accelerator="cpu", callbacks=[*callbacks], enable_model_summary=False, **(quiet | options))
    trainer.fit(module, batches)
    return trainer


BATCHES = DataLoader(torch.tensor([0.5, 1.0, 1.5, 2.0])[:, None], batch_size=1)  # four of one sample


def test_an_epoch_logs_the_means_of_its_steps() -> None:
    module = Line()
    metrics = fit(module, batches=BATCHES, max_epochs=2).callback_metrics
    second = module.seen[4:]
    assert metrics["train/loss"].item() == pytest.approx(sum(second) / 4)
    assert metrics["train/half_of_it"].item() == pytest.approx((second[1] + second[3]) / 4)
    assert metrics["train/lr"].item() == pytest.approx(0.1)
    assert module.losses == {}


def test_an_epoch_that_is_cut_short_logs_as_well() -> None:
    module = Line()
    metrics = fit(module, batches=BATCHES, max_steps=3, max_epochs=-1).callback_metrics
    assert metrics["train/loss"].item() == pytest.approx(sum(module.seen) / 3)


def test_what_is_kept_of_steps_does_not_grow_with_the_epochs() -> None:
    sizes = []

    class Count(Callback):
        def on_train_epoch_end(self, trainer: Trainer, pl_module: EpochLosses) -> None:
            sizes.append(sum(len(losses) for losses in pl_module.losses.values()))

    fit(Line(), Count(), batches=BATCHES, max_epochs=4)
    assert max(sizes) <= len(BATCHES) * 2
    assert len(set(sizes)) == 1


def test_a_running_epoch_is_part_of_the_checkpoint(tmp_path) -> None:
    class Save(Callback):
        def on_train_batch_end(self, trainer: Trainer, pl_module: EpochLosses, outputs, batch, batch_idx) -> None:
            if batch_idx == 1:
                trainer.save_checkpoint(tmp_path / "half.ckpt")

    first = Line()
    fit(first, Save(), batches=BATCHES, max_epochs=1)
    kept = torch.load(tmp_path / "half.ckpt", weights_only=True)["epoch_so_far"]
    assert kept["loss"].tolist() == pytest.approx(first.seen[:2])
    assert kept["half_of_it"].tolist() == pytest.approx([first.seen[1] / 2])


@pytest.mark.parametrize("every", [1, 50])
def test_divergence_is_one_line(every: int) -> None:
    """Within the epoch where a step is looked at, at its end at the latest."""
    module = Line(optimizer=partial(torch.optim.SGD, lr=1e30))
    with pytest.raises(Diverged, match=r"^loss became (inf|nan) in epoch 1, step .*: lower optimizer\.lr") as caught:
        fit(module, batches=BATCHES, max_epochs=1, log_every_n_steps=every)
    assert "\n" not in str(caught.value)


def test_what_does_not_learn_by_autograd_is_refused() -> None:
    with pytest.raises(InputError, match="makes its steps by hand"):
        Line(optimizer=object())
    frozen = Line().model.requires_grad_(False)
    with pytest.raises(InputError, match="no weight that asks for a gradient"):
        EpochLosses(model=frozen, optimizer=print, scheduler=print, monitor="", mode="min")
