"""An endless set: every batch is drawn when it is asked for, and never again."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from dlexp.data.order import FreshDraws
from dlexp.errors import InputError

Batch = tuple[Tensor, Tensor]  # inputs (B, …), labels (B, …)


class FreshLoader:
    """An epoch is a number of batches, drawn on the training device by `sample(count, generator)`.

    What a batch holds depends on seed, epoch, rank and its number alone. `processed` tells how many batches of the
    epoch have been trained on: a run that was stopped goes on with the next.
    """

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
        self.sample = sample
        self.batches = batches
        self.batch_size = batch_size
        self.sampler = sampler  # Lightning sets its epoch
        self.generator = torch.Generator(device)
        self.processed = processed
        self.resume = (0, 0)  # epoch, and the batch to begin it with

    def __len__(self) -> int:
        return self.batches

    def __iter__(self) -> Iterator[Batch]:
        epoch = self.sampler.epoch  # a generator begins to run with the first batch, when the epoch has been set
        resumed_epoch, first = self.resume
        self.resume = (0, 0)
        for seed in self.sampler.seeds(self.batches)[first if resumed_epoch == epoch else 0 :]:
            yield self.sample(self.batch_size, self.generator.manual_seed(seed))

    def state_dict(self) -> dict[str, int]:
        return {"epoch": self.sampler.epoch, "batch": self.processed(), "batches": self.batches}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Begin epoch `state["epoch"]` where it was left. InputError if that was an epoch of another length."""
        if 0 < state["batch"] < state["batches"] != self.batches:
            raise InputError(
                f"the checkpoint is from within an epoch of {state['batches']} batches, here it has {self.batches}: "
                "resume with the same data.batches"
            )
        self.sampler.set_epoch(state["epoch"])
        self.resume = (state["epoch"], state["batch"])
