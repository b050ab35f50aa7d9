"""Batches of a text that lies on the training device as one tensor: windows to learn from, and a split to judge by."""

import math
from collections.abc import Callable, Iterator
from typing import ClassVar

import torch
from torch import Tensor

from dlexp.data.epoch_loader import EpochLoader
from dlexp.data.text.windows import Windows

# Characters (B, T), those that follow each of them (B, T), and what is read before them (B, C); None of the latter
# says that the batch goes on where the one before it ended. All int64.
Batch = tuple[Tensor, Tensor, Tensor | None]
UNCOUNTED = -100  # instead of a character to predict: what cross_entropy leaves out


class TextLoader(EpochLoader):
    """An epoch's windows of `text` (N,) int16."""

    length_depends_on: ClassVar[str] = "text, data.length, data.batch_size and number of devices"

    def __init__(self, *, text: Tensor, windows: Windows, processed: Callable[[], int]) -> None:
        super().__init__(sampler=windows, processed=processed)
        self.text = text

    def __len__(self) -> int:
        return self.sampler.batches

    def batches_from(self, first: int) -> Iterator[Batch]:
        windows = self.sampler
        starts = windows.starts().to(self.text.device)  # (batches, B)
        within = torch.arange(windows.length + 1, device=self.text.device)
        nothing = starts.new_empty(windows.batch_size, 0)
        for number in range(first, len(self)):
            cut = self.text[starts[number][:, None] + within].long()  # (B, T + 1)
            yield cut[:, :-1], cut[:, 1:], None if windows.goes_on and number else nothing


class SplitLoader:
    """Each character of `text` from `first` to `last` - 1 to be predicted once, by what stands before it.

    The split is cut into at most `streams` streams on each rank, and these into pieces of `length`; a batch has the
    next piece of every stream. Each stream also reads the `warm_up` characters before its first, be they of another
    split or stream, and is not asked about them: so it hardly matters how many streams there are.
    """

    def __init__(
        self,
        *,
        text: Tensor,
        first: int,
        last: int,
        length: int,
        streams: int,
        warm_up: int,
        rank: int,
        world_size: int,
    ) -> None:
        pieces = math.ceil((last - first) / length)
        self.text = text
        self.last = last
        self.length = length
        self.batches = math.ceil(pieces / (streams * world_size))  # pieces of a stream
        streams = math.ceil(math.ceil(pieces / self.batches) / world_size)  # no more than there is text for
        number = torch.arange(rank * streams, (rank + 1) * streams, device=text.device)
        self.begin = first + number * self.batches * length  # (S,): the first that each stream predicts
        self.warm_up = min(warm_up, first - 1)

    def __len__(self) -> int:
        return self.batches

    def __iter__(self) -> Iterator[Batch]:
        for number in range(self.batches):
            place = self.begin[:, None] + number * self.length + torch.arange(self.length, device=self.text.device)
            target = self.at(place).masked_fill(place >= self.last, UNCOUNTED)  # (S, P)
            earlier = torch.arange(-self.warm_up - 1, -1, device=self.text.device)
            before = None if number else self.at(self.begin[:, None] + earlier)  # (S, warm_up)
            yield self.at(place - 1), target, before

    def at(self, place: Tensor) -> Tensor:
        """The characters at `place`, int64; beyond the end of the split its last one."""
        return self.text[place.clamp(max=self.last - 1)].long()
