"""train/eval_loss, train/eval_accuracy and figures/gap.png: training and validation judged alike."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from torch import Tensor

from dlexp.callbacks.figures import keep_figure
from dlexp.callbacks.training_history import training_history


class GeneralisationGap(Callback):
    """Judges a fixed part of the training split as validation is judged: the same weights, no dropout, no augmentation.

    train/loss and train/accuracy cannot be held against val/…: they were gathered while the weights changed, with
    dropout and augmentation on. The part is as large as the validation split (or all, of a smaller training split),
    stratified, and the same in every run. It draws nothing and leaves training as it is, bit by bit.

    The task offers `score(x) -> (B, K)` and `loss(scores, labels) -> ()`, the data `splits`, `prepare` and
    `eval_batch_size`.
    """

    logged = frozenset(("train/eval_loss", "train/eval_accuracy"))

    def __init__(self, *, folder: str) -> None:
        self.folder = Path(folder)
        self.sample: tuple[Tensor, Tensor] | None = None  # inputs (N, …) as the data keep them, labels (N,)

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        splits = trainer.datamodule.splits
        if "val" in splits:
            inputs, labels = splits["train"]
            index = spread_sample(labels.cpu(), min(len(labels), len(splits["val"][1]))).to(labels.device)
            self.sample = inputs[index], labels[index]

    def on_validation_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int, dataloader_idx: int = 0
    ) -> None:
        # Beside the first batch the network has what validation sees: eval mode, and the average where EMA is on.
        if batch_idx or dataloader_idx or trainer.state.fn != "fit" or trainer.sanity_checking:
            return
        _, labels = self.sample
        scores = torch.cat(list(self.scores(trainer, pl_module)))  # (N, K)
        accuracy = (scores.argmax(1) == labels).float().mean()
        values = {"train/eval_loss": pl_module.loss(scores, labels), "train/eval_accuracy": accuracy}
        pl_module.log_dict(values, batch_size=1)

    def scores(self, trainer: Trainer, pl_module: LightningModule) -> Iterator[Tensor]:
        """float32 (B, K) of each part of the sample."""
        for inputs in self.sample[0].split(trainer.datamodule.eval_batch_size):
            with trainer.precision_plugin.forward_context():
                yield pl_module.score(trainer.datamodule.prepare(inputs)).float()

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if self.sample is None or (logged := training_history(trainer, self.folder)) is None:
            return
        from dlexp.reporting.gap import gap_curves

        history, best_epoch = logged
        if not self.logged <= set(history):
            return  # no epoch was validated
        stopped = any(getattr(callback, "stopped_epoch", 0) for callback in trainer.callbacks)
        keep_figure(trainer, self.folder, "gap", gap_curves(history, best_epoch=best_epoch, stopped=stopped))


def spread_sample(labels: Tensor, size: int) -> Tensor:
    """Indices (size,) into `labels` (N,): at random, but each class as often as its share, the same in every run."""
    shuffled = torch.randperm(len(labels), generator=torch.Generator().manual_seed(0))  # (N,)
    by_class = shuffled[labels[shuffled].argsort(stable=True)]  # (N,)
    return by_class[(torch.arange(size) + 0.5).mul(len(labels) / size).long()]
