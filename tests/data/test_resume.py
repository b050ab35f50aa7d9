"""A run stopped anywhere and resumed sees the batches, and learns the weights, of an unbroken run."""

from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from lightning.pytorch.callbacks import ModelCheckpoint

from dlexp.data.image_data import Arrays, ImageData
from dlexp.errors import InputError

EPOCHS, BATCHES = 4, 5  # 48 images by 10: the fifth batch has 8


class Noise(ImageData):
    classes: ClassVar[tuple[str, ...]] = ("a", "b")

    def download(self) -> None:
        pass

    def read(self) -> dict[str, Arrays]:
        random = np.random.default_rng(0)
        images = random.integers(0, 256, (64, 1, 6, 6), dtype=np.uint8)
        labels = np.arange(64) % 2
        return {
            "train": (images[:48], labels[:48]),
            "val": (images[48:], labels[48:]),
            "test": (images, labels),
        }


class Recorder(LightningModule):
    """A linear classifier that remembers its training batches."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.model = torch.nn.Linear(36, 2)
        self.seen: list[tuple[int, torch.Tensor]] = []

    def loss(self, batch: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
        return torch.nn.functional.cross_entropy(self.model(batch[0].flatten(1)), batch[1])

    def training_step(self, batch: Any, batch_idx: int) -> torch.Tensor:
        self.seen.append((self.current_epoch, batch[0]))
        return self.loss(batch)

    def validation_step(self, batch: Any, batch_idx: int) -> None:
        self.log("val/loss", self.loss(batch))

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.Adam(self.model.parameters(), lr=0.01)


class Stop(Exception):
    pass


class StopAt(Callback):
    """Saves a checkpoint, and stops, in a hook of the global step `step`."""

    def __init__(self, hook: str, step: int, path: Path) -> None:
        self.hook, self.step, self.path = hook, step, path

    def stop(self, hook: str, trainer: Trainer) -> None:
        if hook == self.hook and trainer.global_step == self.step:
            trainer.save_checkpoint(self.path)
            raise Stop

    def on_train_batch_start(self, trainer: Trainer, *args: Any) -> None:
        self.stop("on_train_batch_start", trainer)

    def on_before_backward(self, trainer: Trainer, *args: Any) -> None:
        self.stop("on_before_backward", trainer)

    def on_train_batch_end(self, trainer: Trainer, *args: Any) -> None:
        self.stop("on_train_batch_end", trainer)

    def on_validation_end(self, trainer: Trainer, *args: Any) -> None:
        self.stop("on_validation_end", trainer)

    def on_train_epoch_end(self, trainer: Trainer, *args: Any) -> None:
        self.stop("on_train_epoch_end", trainer)


def noise(**changes: Any) -> Noise:
    arguments = {
        "folder": "unused",
        "verify": True,
        "input_shape": [1, 6, 6],
        "num_classes": 2,
        "mean": [0.5],
        "std": [0.25],
        "batch_size": 10,
        "eval_batch_size": 10,
        "validation": None,
        "limit": None,
        "leave_out": None,
        "augment": {"shift": 2, "flip": "alternating", "cutout": 2, "erase": 0.5},
        "seed": 3,
    }
    return Noise(**(arguments | changes))


def fit(*callbacks: Callback, data: Noise | None = None, ckpt: Path | None = None, **options: Any) -> Recorder:
    module = Recorder()
    trainer = Trainer(
        accelerator="cpu",
        max_epochs=EPOCHS,
        callbacks=list(callbacks),
        logger=False,
        enable_checkpointing=any(isinstance(c, ModelCheckpoint) for c in callbacks),
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        **options,
    )
    try:
        trainer.fit(module, data or noise(), ckpt_path=ckpt, weights_only=True)
    except Stop:
        trainer.should_stop = True
    return module


@pytest.fixture(scope="module")
def unbroken() -> Recorder:
    return fit()


def check_same(first: Recorder, steps: int, second: Recorder, unbroken: Recorder) -> None:
    """`second` went on after `steps` steps of `first`."""
    seen = first.seen[:steps] + second.seen
    assert [epoch for epoch, _ in seen] == [epoch for epoch, _ in unbroken.seen]
    assert all(torch.equal(x, y) for (_, x), (_, y) in zip(seen, unbroken.seen, strict=True))
    assert all(torch.equal(p, q) for p, q in zip(second.parameters(), unbroken.parameters(), strict=True))


def test_unbroken_run(unbroken: Recorder) -> None:
    assert [epoch for epoch, _ in unbroken.seen] == [e for e in range(EPOCHS) for _ in range(BATCHES)]
    assert [len(x) for _, x in unbroken.seen] == EPOCHS * [10, 10, 10, 10, 8]


@pytest.mark.filterwarnings("ignore:Checkpoint directory")
@pytest.mark.parametrize("step", [3, 7, 10, 12])
def test_model_checkpoint_every_n_steps(step: int, unbroken: Recorder, tmp_path: Path) -> None:
    options = {"dirpath": tmp_path, "filename": "{step}", "every_n_train_steps": step, "save_top_k": -1}
    first = fit(ModelCheckpoint(**options), max_steps=step + 1)  # stops a step after the checkpoint
    second = fit(ModelCheckpoint(**options), ckpt=tmp_path / f"step={step}.ckpt")
    check_same(first, step, second, unbroken)


@pytest.mark.parametrize("step", [2, 5, 8])
@pytest.mark.parametrize("hook", ["on_train_batch_start", "on_before_backward"])
def test_batch_that_was_given_but_not_processed_comes_again(
    hook: str, step: int, unbroken: Recorder, tmp_path: Path
) -> None:
    path = tmp_path / "stopped.ckpt"
    first = fit(StopAt(hook, step, path))
    check_same(first, step, fit(ckpt=path), unbroken)


@pytest.mark.parametrize(
    ("hook", "step"),
    [
        ("on_train_batch_end", 7),
        ("on_train_batch_end", 10),
        ("on_validation_end", 10),
        ("on_train_epoch_end", 10),
    ],
)
def test_stop_after_a_step(hook: str, step: int, unbroken: Recorder, tmp_path: Path) -> None:
    path = tmp_path / "stopped.ckpt"
    first = fit(StopAt(hook, step, path))
    check_same(first, step, fit(ckpt=path), unbroken)


def test_other_number_of_batches_is_refused_within_an_epoch_only(tmp_path: Path) -> None:
    path = tmp_path / "stopped.ckpt"
    fit(StopAt("on_train_batch_end", 7, path))
    with pytest.raises(InputError, match=r"epoch of 5 batches.* 3: .*data\.batch_size"):
        fit(data=noise(batch_size=20), ckpt=path)
    fit(StopAt("on_train_epoch_end", 10, path))
    second = fit(data=noise(batch_size=20), ckpt=path)
    assert [epoch for epoch, _ in second.seen] == [2, 2, 2, 3, 3, 3]
