"""Samples of a split for callbacks that measure: as the model sees them in validation, a batch at a time."""

from collections.abc import Iterator

from lightning.pytorch import Trainer
from torch import Tensor

from dlexp.callbacks.generalisation_gap import spread_sample


def split_batches(trainer: Trainer, split: str, *, most: int | None) -> Iterator[tuple[Tensor, Tensor]]:
    """Inputs (B, …) and labels (B, …); of more than `most`, a stratified sample, the same in every run.

    Every rank gets all of them: what is measured on them needs no gathering.
    """
    data = trainer.datamodule
    inputs, labels = data.splits[split]
    if most is not None and most < len(labels):
        index = spread_sample(labels.cpu(), most).to(labels.device)
        inputs, labels = inputs[index], labels[index]
    for some, of in zip(inputs.split(data.eval_batch_size), labels.split(data.eval_batch_size), strict=True):
        yield data.prepare(some), of
