"""The order in which an epoch visits the samples, and the seeds of its draws: from seed and epoch alone."""

import numpy as np
import torch
from torch import Tensor

ORDER, AUGMENTATION, MIRRORED, FRESH = range(4)  # what a stream of random numbers is for


def stream(seed: int, *key: int, count: int) -> list[int]:
    """`count` 32-bit seeds. Streams of different `key` have nothing to do with each other."""
    return np.random.SeedSequence(seed, spawn_key=key).generate_state(count).tolist()


class ShuffledShard:
    """The samples that one rank trains on: of each epoch's permutation, every `world_size`-th.

    All ranks get the same number. Up to `world_size - 1` samples at the permutation's end are left out, and
    others in each epoch. The permutation is drawn on the CPU: it is the same whatever the device.
    """

    def __init__(self, *, size: int, seed: int, rank: int, world_size: int) -> None:
        self.size = size
        self.seed = seed
        self.rank = rank
        self.world_size = world_size
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Lightning calls this at the start of every epoch, with the number of epochs done."""
        self.epoch = epoch

    def __len__(self) -> int:
        return self.size // self.world_size

    def indices(self) -> Tensor:
        """int64 (len(self),), on the CPU."""
        generator = torch.Generator().manual_seed(*stream(self.seed, ORDER, self.epoch, count=1))
        permutation = torch.randperm(self.size, generator=generator)
        return permutation[self.rank :: self.world_size][: len(self)]

    def draw_seeds(self, batches: int) -> list[int]:
        """A seed for the augmentation of each of the epoch's batches. Ranks draw differently."""
        return stream(self.seed, AUGMENTATION, self.epoch, self.rank, count=batches)


class FreshDraws:
    """The seeds of an epoch's batches, each of which is drawn anew. Ranks and epochs draw differently."""

    def __init__(self, *, seed: int, rank: int) -> None:
        self.seed = seed
        self.rank = rank
        self.epoch = 0

    def set_epoch(self, epoch: int) -> None:
        """Lightning calls this at the start of every epoch, with the number of epochs done."""
        self.epoch = epoch

    def seeds(self, batches: int) -> list[int]:
        return stream(self.seed, FRESH, self.epoch, self.rank, count=batches)
