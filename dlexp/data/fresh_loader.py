"""An endless set: every batch is drawn when it is asked for, and never again."""

from collections.abc import Callable, Iterator
from typing import ClassVar

import torch
from torch import Tensor

from dlexp.data.epoch_loader import EpochLoader
from dlexp.data.order import FreshDraws

Batch = tuple[Tensor, Tensor]  # inputs (B, …), labels (B, …)


class FreshLoader(EpochLoader):
    """An epoch is a number of batches, drawn on the training device by `sample(count, generator)`.

    What a batch holds depends on seed, epoch, rank and its number alone.
    """

    length_depends_on: ClassVar[str] = "data.batches"

    def __init__(
        self,
        *,
        sample: Callable[[int, torch.Generator], Batch],
        batches: int,
        batch_size: int,
        sampler: FreshDraws,
        device: torch.device,
        processed: Callable[[], int],
    ) -> None:
        super().__init__(sampler=sampler, processed=processed)
        self.sample = sample
        self.batches = batches
        self.batch_size = batch_size
        self.generator = torch.Generator(device)

    def __len__(self) -> int:
        return self.batches

    def batches_from(self, first: int) -> Iterator[Batch]:
        for seed in self.sampler.seeds(self.batches)[first:]:
            yield self.sample(self.batch_size, self.generator.manual_seed(seed))
