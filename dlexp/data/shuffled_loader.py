"""An epoch's batches in an order of their own, resumable at any batch: the base of all training loaders."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator

from torch import Tensor

from dlexp.data.order import ShuffledShard
from dlexp.errors import InputError


class ShuffledLoader(ABC):
    """Shuffled batches of inputs (B, …) and labels (B,), from a set that lies on the training device.

    The order depends on seed and epoch, what is drawn for a batch on seed, epoch, rank and the batch's number, and
    neither on what was drawn before. So the number of the next batch is all there is to save within an epoch.
    The last batch holds what is left, unless that are fewer than `smallest_batch`.

    `processed` tells how many batches of the epoch have been trained on. The loader itself knows only how
    many it gave, and a batch that was interrupted must come again.
    """

    smallest_batch = 1

    def __init__(
        self, *, labels: Tensor, batch_size: int, sampler: ShuffledShard, processed: Callable[[], int]
    ) -> None:
        self.labels = labels  # (N,)
        self.batch_size = batch_size
        self.sampler = sampler  # Lightning sets its epoch
        self.processed = processed
        self.resume = (0, 0)  # epoch, and the batch to begin it with

    @abstractmethod
    def pick(self, index: Tensor, epoch: int, seed: int) -> Tensor:
        """The inputs (B, …) of the samples `index` (B,), as the model is to see them."""

    def __len__(self) -> int:
        full, rest = divmod(len(self.sampler), self.batch_size)
        return full + (rest >= self.smallest_batch)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        # Lightning asks for the iterator, sets the epoch and takes the first batch, in this order. A
        # generator begins to run with the first batch: this is the right epoch.
        epoch = self.sampler.epoch
        resumed_epoch, first = self.resume
        self.resume = (0, 0)
        order = self.sampler.indices().to(self.labels.device, non_blocking=True)
        labels = self.labels[order]
        seeds = self.sampler.draw_seeds(len(self))
        for batch in range(first if resumed_epoch == epoch else 0, len(self)):
            samples = slice(batch * self.batch_size, (batch + 1) * self.batch_size)
            yield self.pick(order[samples], epoch, seeds[batch]), labels[samples]

    def state_dict(self) -> dict[str, int]:
        return {"epoch": self.sampler.epoch, "batch": self.processed(), "batches": len(self)}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Begin epoch `state["epoch"]` where it was left; other epochs begin at their beginning.

        InputError if that was within an epoch of another number of batches: its rest is then not known.
        """
        if 0 < state["batch"] < state["batches"] != len(self):
            raise InputError(
                f"the checkpoint is from within an epoch of {state['batches']} batches, here it has "
                f"{len(self)}: resume with the same data.batch_size, data.limit and number of devices"
            )
        self.sampler.set_epoch(state["epoch"])
        self.resume = (state["epoch"], state["batch"])
