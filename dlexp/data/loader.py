"""Batches of images that lie on the training device as one uint8 tensor: no workers, no Python per sample."""

import math
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from dlexp.data.augment import Augment, PaddedImages, cutout, erase, flip, random_rectangles
from dlexp.data.normalize import Normalize
from dlexp.data.order import MIRRORED, ShuffledShard, stream
from dlexp.data.shuffled_loader import ShuffledLoader


class TrainLoader(ShuffledLoader):
    """Shuffled and augmented batches: float32 (B, C, H, W) and labels (B,)."""

    smallest_batch = 2  # batch norm has no variance of one

    def __init__(
        self,
        *,
        images: Tensor,
        labels: Tensor,
        normalize: Normalize,
        batch_size: int,
        sampler: ShuffledShard,
        augment: Augment,
        processed: Callable[[], int],
    ) -> None:
        super().__init__(labels=labels, batch_size=batch_size, sampler=sampler, processed=processed)
        self.images = images  # (N, C, H, W) uint8
        self.normalize = normalize
        self.augment = augment
        self.generator = torch.Generator(images.device)
        if augment.shift:
            self.padded = PaddedImages(images, augment.shift)
        if augment.flip == "alternating":
            coins = torch.Generator().manual_seed(*stream(sampler.seed, MIRRORED, count=1))
            in_epoch_0 = torch.randint(2, labels.shape, generator=coins)  # (N,)
            self.mirrored = in_epoch_0.to(images.device)

    def pick(self, index: Tensor, epoch: int, seed: int) -> Tensor:
        """The images `index` (B,), augmented and normalised."""
        augment, size, (height, width) = self.augment, len(index), self.images.shape[2:]
        if augment.draws:
            self.generator.manual_seed(seed)
        draw = {"generator": self.generator, "device": self.images.device}

        if augment.shift:
            dy, dx = torch.randint(-augment.shift, augment.shift + 1, (2, size), **draw)
            images = self.padded.shift(index, dy, dx)  # (B, C, H, W) uint8
        else:
            images = self.images.index_select(0, index)  # (B, C, H, W) uint8
        if augment.flip == "random":
            images = flip(images, torch.randint(2, (size,), **draw))
        elif augment.flip == "alternating":
            images = flip(images, (self.mirrored[index] + epoch) % 2)
        images = self.normalize(images)  # (B, C, H, W) float32
        if augment.cutout:
            y, x = torch.randint(height, (size,), **draw), torch.randint(width, (size,), **draw)
            images = cutout(images, y, x, augment.cutout)
        if augment.erase:
            rectangles = random_rectangles(size, height, width, probability=augment.erase, generator=self.generator)
            images = erase(images, *rectangles, noise=torch.randn(images.shape, **draw))
        return images


class EvalLoader:
    """A rank's shard of a split, in order, prepared: each sample once over all ranks, none repeated.

    Ranks differ by a sample at most and have the same number of batches, of nearly equal size, at most
    `batch_size`: a collective operation in a step (DDP's buffers, sync_dist) then finds its partners.
    """

    def __init__(
        self,
        *,
        inputs: Tensor,
        labels: Tensor,
        prepare: Callable[[Tensor], Tensor],
        batch_size: int,
        rank: int,
        world_size: int,
    ) -> None:
        self.inputs = inputs[rank::world_size]
        self.labels = labels[rank::world_size]
        self.prepare = prepare
        self.batches = math.ceil(math.ceil(len(labels) / world_size) / batch_size)

    def __len__(self) -> int:
        return self.batches

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        parts = self.inputs.tensor_split(self.batches), self.labels.tensor_split(self.batches)
        for inputs, labels in zip(*parts, strict=True):
            yield self.prepare(inputs), labels
