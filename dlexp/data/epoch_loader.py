"""An epoch's batches, resumable at any of them: the base of all loaders that training goes through."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from typing import Any, ClassVar, Protocol

from dlexp.errors import InputError


class Epochs(Protocol):
    """What draws an epoch's order or content by its number, which Lightning sets."""

    epoch: int

    def set_epoch(self, epoch: int) -> None: ...


class EpochLoader(ABC):
    """What an epoch's batches are depends on seed and epoch alone, and not on what was drawn before. So the number of
    the next batch is all there is to save within an epoch.

    `processed` tells how many batches of the epoch have been trained on. The loader itself knows only how
    many it gave, and a batch that was interrupted must come again.
    """

    length_depends_on: ClassVar[str]  # the keys that must stay the same for a run that goes on within an epoch

    def __init__(self, *, sampler: Epochs, processed: Callable[[], int]) -> None:
        self.sampler = sampler
        self.processed = processed
        self.resume = (0, 0)  # epoch, and the batch to begin it with

    @abstractmethod
    def __len__(self) -> int:
        """Batches of an epoch."""

    @abstractmethod
    def batches_from(self, first: int) -> Iterator[Any]:
        """Those of the sampler's epoch, from number `first` on."""

    def __iter__(self) -> Iterator[Any]:
        # Lightning asks for the iterator, sets the epoch and takes the first batch, in this order. A
        # generator begins to run with the first batch: the sampler then has the right epoch.
        epoch, first = self.resume
        self.resume = (0, 0)
        yield from self.batches_from(first if epoch == self.sampler.epoch else 0)

    def state_dict(self) -> dict[str, int]:
        return {"epoch": self.sampler.epoch, "batch": self.processed(), "batches": len(self)}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Begin epoch `state["epoch"]` where it was left; other epochs begin at their beginning.

        InputError if that was within an epoch of another number of batches: its rest is then not known.
        """
        if 0 < state["batch"] < state["batches"] != len(self):
            raise InputError(
                f"the checkpoint is from within an epoch of {state['batches']} batches, here it has {len(self)}: "
                f"resume with the same {self.length_depends_on}"
            )
        self.sampler.set_epoch(state["epoch"])
        self.resume = (state["epoch"], state["batch"])
