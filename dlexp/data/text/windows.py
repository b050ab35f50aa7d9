"""Which windows of a text a training sees, batch by batch: streams that go on, or windows in any order."""

from abc import ABC, abstractmethod
from typing import ClassVar

import torch
from torch import Tensor

from dlexp.data.order import ORDER, stream
from dlexp.errors import InputError


class Windows(ABC):
    """Of `size` places, each the first of a pair of neighbours, windows of `length` of them, `batch_size` a batch.

    An epoch leaves out what does not fill a batch, and begins at a place of its own, so that windows are cut anew and
    the whole text is read in the course of a training. What it draws depends on seed and epoch alone. Ranks get
    different windows and the same number of them.

    InputError if there are fewer places than a batch of windows has.
    """

    goes_on: ClassVar[bool]  # whether a batch's windows begin where those of the batch before ended

    def __init__(self, *, size: int, length: int, batch_size: int, seed: int, rank: int, world_size: int) -> None:
        self.size = size
        self.length = length
        self.batch_size = batch_size
        self.seed = seed
        self.rank = rank
        self.world_size = world_size
        self.epoch = 0
        self.batches = (size - length + 1) // (length * batch_size * world_size)
        if self.batches < 1:
            raise InputError(
                f"the training part of the text has {size + 1:,} characters, and a batch of {batch_size} windows of "
                f"{length}{f' on each of {world_size} devices' if world_size > 1 else ''} needs "
                f"{length * (batch_size * world_size + 1):,}: lower data.batch_size or data.length"
            )

    def set_epoch(self, epoch: int) -> None:
        """Lightning calls this at the start of every epoch, with the number of epochs done."""
        self.epoch = epoch

    def starts(self) -> Tensor:
        """int64 (batches, B), on the CPU: the first places of this rank's windows."""
        generator = torch.Generator().manual_seed(*stream(self.seed, ORDER, self.epoch, count=1))
        places = self.arranged(self.batches * self.batch_size * self.world_size, generator)  # (batches, B of all ranks)
        return places[:, self.rank * self.batch_size :][:, : self.batch_size]

    @abstractmethod
    def arranged(self, count: int, generator: torch.Generator) -> Tensor:
        """First places of `count` windows that do not overlap, int64 (batches, B of all ranks)."""


class Streams(Windows):
    """The text cut into as many streams as a batch has windows; each batch has the next window of every stream."""

    goes_on = True

    def arranged(self, count: int, generator: torch.Generator) -> Tensor:
        first = torch.randint(self.size - count * self.length + 1, (), generator=generator)
        return first + self.length * torch.arange(count).view(-1, self.batches).t()


class ShuffledWindows(Windows):
    """As many windows as there are batches for, of all from the epoch's first place on, in an order drawn anew."""

    goes_on = False

    def arranged(self, count: int, generator: torch.Generator) -> Tensor:
        first = torch.randint(self.length, (), generator=generator)
        drawn = torch.randperm((self.size - int(first)) // self.length, generator=generator)[:count]
        return first + self.length * drawn.view(self.batches, -1)
