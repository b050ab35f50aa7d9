"""Batches for skip-grams: stretches of a text with the words around them, and noise words that a stretch shares."""

import math
from collections.abc import Callable, Iterator
from typing import ClassVar

import torch
from torch import Tensor

from dlexp.data.epoch_loader import EpochLoader
from dlexp.data.order import ORDER, FreshDraws, stream

# Words (B,) int64, of M stretches of C: B = M C; the same with their surroundings (M, W + C + W), int64; how far from
# each word its context reaches (M, C), int8, 0 to W; noise words (M, K), int64. No word is -1.
Batch = tuple[Tensor, Tensor, Tensor, Tensor]
ABSENT = -1


class Draws:
    """What is drawn of a text `words` (N,): which words are read, how far each looks, which noise it is shown.

    An occurrence is read with probability `kept` (V,) of its word, looks 1 to `window` words far, all equally likely,
    and meets noise words of the shares `noise` (V,). Stretches have `length` words, and `shown` noise words each.
    """

    def __init__(self, *, words: Tensor, kept: Tensor, noise: Tensor, window: int, length: int, shown: int) -> None:
        self.words = words
        self.kept = kept
        self.below = noise.cumsum(0)[:-1].to(torch.float32)  # (V - 1,): a number from 0 to 1 falls between two of them
        self.window = window
        self.length = length
        self.shown = shown
        self.expected = kept[words].sum(dtype=torch.float64).item()  # words that are read

    def stretches(self, generator: torch.Generator) -> Tensor:
        """int64 (S, W + C + W): the words that are read, in order, in stretches of C that see W of their neighbours."""
        read = torch.rand(len(self.words), generator=generator, device=self.words.device) < self.kept[self.words]
        read = self.words[read]  # (R,)
        count = max(1, math.ceil(len(read) / self.length))
        padded = read.new_full((count * self.length + 2 * self.window,), ABSENT)
        padded[self.window : self.window + len(read)] = read
        return padded.unfold(0, self.length + 2 * self.window, self.length)  # a view

    def batch(self, stretches: Tensor, generator: torch.Generator) -> Batch:
        """Of some stretches (M, W + C + W)."""
        draw = {"generator": generator, "device": stretches.device}
        centres = stretches[:, self.window : self.window + self.length]  # (M, C)
        reach = torch.randint(1, self.window + 1, centres.shape, dtype=torch.int8, **draw)
        reach = reach.masked_fill_(centres == ABSENT, 0)
        noise = torch.bucketize(torch.rand(len(stretches), self.shown, **draw), self.below, right=True)
        return centres.flatten(), stretches, reach, noise


class StretchLoader(EpochLoader):
    """An epoch of training: the words to read are drawn anew, and their stretches come in an order drawn anew.

    Within a batch, what is drawn depends on its number as well. Every epoch has the same number of batches, of about
    `batch_size` words, and a stretch at least: where it is no more, one may be empty.
    """

    length_depends_on: ClassVar[str] = "text, data.sample and data.batch_size"

    def __init__(self, *, draws: Draws, batch_size: int, seed: int, processed: Callable[[], int]) -> None:
        super().__init__(sampler=FreshDraws(seed=seed, rank=0), processed=processed)
        self.draws = draws
        self.batches = max(1, round(draws.expected / max(batch_size, draws.length)))
        self.generator = torch.Generator(draws.words.device)

    def __len__(self) -> int:
        return self.batches

    def batches_from(self, first: int) -> Iterator[Batch]:
        sampler, generator = self.sampler, self.generator
        seeds = sampler.seeds(self.batches)
        generator.manual_seed(*stream(sampler.seed, ORDER, sampler.epoch, count=1))
        stretches = self.draws.stretches(generator)
        order = torch.randperm(len(stretches), generator=generator, device=stretches.device)
        parts = order.tensor_split(self.batches)
        for number in range(first, self.batches):
            yield self.draws.batch(stretches[parts[number]], generator.manual_seed(seeds[number]))


class JudgedStretches:
    """A split to judge by: the same draws in every epoch and every run, in order.

    All is drawn at once and then cut: a measure does not depend on `batch_size`, in words and at least one stretch.
    """

    def __init__(self, *, draws: Draws, batch_size: int, seed: int) -> None:
        generator = torch.Generator(draws.words.device).manual_seed(seed)
        centres, *others = draws.batch(draws.stretches(generator), generator)
        self.parts = (centres.view(-1, draws.length), *others)  # each of S stretches
        self.size = max(1, batch_size // draws.length)  # stretches of a batch

    def __len__(self) -> int:
        return math.ceil(len(self.parts[0]) / self.size)

    def __iter__(self) -> Iterator[Batch]:
        for centres, *others in zip(*(part.split(self.size) for part in self.parts), strict=True):
            yield centres.flatten(), *others
