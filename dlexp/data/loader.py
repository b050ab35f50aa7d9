"""Batches of images that lie on the training device as one uint8 tensor: no workers, no Python per sample."""

import math
from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from dlexp.data.augment import Augment, PaddedImages, cutout, erase, flip, random_rectangles
from dlexp.data.normalize import Normalize
from dlexp.data.order import MIRRORED, ShuffledShard, stream
from dlexp.errors import InputError


class TrainLoader:
    """Shuffled and augmented batches: float32 (B, C, H, W) and labels (B,).

    The order depends on seed and epoch, the augmentation on seed, epoch, rank and the batch's number, and
    neither on what was drawn before. So the number of the next batch is all there is to save within an epoch.
    The last batch holds what is left, unless that is a single sample: batch norm has no variance of one.

    `processed` tells how many batches of the epoch have been trained on. The loader itself knows only how
    many it gave, and a batch that was interrupted must come again.
    """

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
        self.images = images  # (N, C, H, W) uint8
        self.labels = labels  # (N,) int64
        self.normalize = normalize
        self.batch_size = batch_size
        self.sampler = sampler  # Lightning sets its epoch
        self.augment = augment
        self.processed = processed
        self.resume = (0, 0)  # epoch, and the batch to begin it with
        self.generator = torch.Generator(images.device)
        if augment.shift:
            self.padded = PaddedImages(images, augment.shift)
        if augment.flip == "alternating":
            coins = torch.Generator().manual_seed(*stream(sampler.seed, MIRRORED, count=1))
            in_epoch_0 = torch.randint(2, labels.shape, generator=coins)  # (N,)
            self.mirrored = in_epoch_0.to(images.device)

    def __len__(self) -> int:
        full, rest = divmod(len(self.sampler), self.batch_size)
        return full + (rest > 1)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        # Lightning asks for the iterator, sets the epoch and takes the first batch, in this order. A
        # generator begins to run with the first batch: this is the right epoch.
        epoch = self.sampler.epoch
        resumed_epoch, first = self.resume
        self.resume = (0, 0)
        order = self.sampler.indices().to(self.images.device, non_blocking=True)
        labels = self.labels[order]
        seeds = self.sampler.draw_seeds(len(self))
        for batch in range(first if resumed_epoch == epoch else 0, len(self)):
            samples = slice(batch * self.batch_size, (batch + 1) * self.batch_size)
            yield self.pick(order[samples], epoch, seeds[batch]), labels[samples]

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


class EvalLoader:
    """A rank's shard of a split, in order, normalised: each sample once over all ranks, none repeated.

    Ranks differ by a sample at most and have the same number of batches, of nearly equal size, at most
    `batch_size`: a collective operation in a step (DDP's buffers, sync_dist) then finds its partners.
    """

    def __init__(
        self,
        *,
        images: Tensor,
        labels: Tensor,
        normalize: Normalize,
        batch_size: int,
        rank: int,
        world_size: int,
    ) -> None:
        self.images = images[rank::world_size]
        self.labels = labels[rank::world_size]
        self.normalize = normalize
        self.batches = math.ceil(math.ceil(len(labels) / world_size) / batch_size)

    def __len__(self) -> int:
        return self.batches

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        parts = self.images.tensor_split(self.batches), self.labels.tensor_split(self.batches)
        for images, labels in zip(*parts, strict=True):
            yield self.normalize(images), labels
