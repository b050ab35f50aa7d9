"""An epoch's batches in an order of their own, of a set that lies on the training device as a whole."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import ClassVar

from torch import Tensor

from dlexp.data.epoch_loader import EpochLoader
from dlexp.data.order import ShuffledShard


class ShuffledLoader(EpochLoader, ABC):
    """Shuffled batches of inputs (B, …) and labels (B,).

    The order depends on seed and epoch, what is drawn for a batch on seed, epoch, rank and the batch's number.
    The last batch holds what is left, unless that are fewer than `smallest_batch`.
    """

    length_depends_on: ClassVar[str] = "data.batch_size, data.limit and number of devices"
    smallest_batch = 1

    def __init__(
        self, *, labels: Tensor, batch_size: int, sampler: ShuffledShard, processed: Callable[[], int]
    ) -> None:
        super().__init__(sampler=sampler, processed=processed)
        self.labels = labels  # (N,)
        self.batch_size = batch_size

    @abstractmethod
    def pick(self, index: Tensor, epoch: int, seed: int) -> Tensor:
        """The inputs (B, …) of the samples `index` (B,), as the model is to see them."""

    def __len__(self) -> int:
        full, rest = divmod(len(self.sampler), self.batch_size)
        return full + (rest >= self.smallest_batch)

    def batches_from(self, first: int) -> Iterator[tuple[Tensor, Tensor]]:
        epoch = self.sampler.epoch
        order = self.sampler.indices().to(self.labels.device, non_blocking=True)
        labels = self.labels[order]
        seeds = self.sampler.draw_seeds(len(self))
        for batch in range(first, len(self)):
            samples = slice(batch * self.batch_size, (batch + 1) * self.batch_size)
            yield self.pick(order[samples], epoch, seeds[batch]), labels[samples]
