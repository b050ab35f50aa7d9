"""Augmentations of a batch, each sample by its own draw, in tensor operations on the images' device.

What was drawn comes in as arguments: a shift (B,), a rectangle (B,), so that nothing here is random but
`random_rectangles`. Nothing waits for the device.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import pad

from dlexp.errors import InputError

FLIPS = ("none", "random", "alternating")


@dataclass(frozen=True, kw_only=True)
class Augment:
    """What is done to the training images. See conf/data for the values of each set."""

    shift: int  # pixels at most, in each direction
    flip: str  # one of FLIPS
    cutout: int  # pixels, side of the square
    erase: float  # probability

    @classmethod
    def from_config(cls, config: Mapping[str, Any], image_shape: list[int]) -> "Augment":
        """InputError if a key is missing or unknown or a value cannot be."""
        names = [field.name for field in fields(cls)]
        if set(config) != set(names):
            wrong = ", ".join(sorted(set(config) ^ set(names)))
            raise InputError(f"data.augment must have the keys {', '.join(names)}: look at {wrong}")
        augment = cls(**config)
        limit = min(image_shape[1:]) - 1
        if not isinstance(augment.shift, int) or not 0 <= augment.shift <= limit:
            raise InputError(f"data.augment.shift={augment.shift}: give a number of pixels from 0 to {limit}")
        if augment.flip not in FLIPS:
            raise InputError(f"data.augment.flip={augment.flip}: choose from {', '.join(FLIPS)}")
        if not isinstance(augment.cutout, int) or augment.cutout < 0:
            raise InputError(f"data.augment.cutout={augment.cutout}: give a number of pixels, 0 for none")
        if not isinstance(augment.erase, int | float) or not 0 <= augment.erase <= 1:
            raise InputError(f"data.augment.erase={augment.erase}: give a probability from 0 to 1")
        return augment

    @property
    def draws(self) -> bool:
        """Whether a batch needs random numbers."""
        return bool(self.shift or self.flip == "random" or self.cutout or self.erase)


class PaddedImages:
    """Images (N, C, H, W) with their reflection around them, of which each sample takes its own window.

    A window's rows are runs of W neighbouring pixels, so a batch is one gather of B x C x H runs. On a CPU
    that is four to six times as fast as indexing a view of all windows.
    """

    def __init__(self, images: Tensor, margin: int) -> None:
        self.shape = images.shape[1:]
        channels, height, width = self.shape
        padded = pad(images, (margin,) * 4, mode="reflect")  # (N, C, H + 2 margin, W + 2 margin)
        self.image_step, channel_step, self.row_step, _ = padded.stride()
        self.runs = padded.flatten().unfold(0, width, 1)  # (pixels - W + 1, W), a view: run i from pixel i on
        channel = torch.arange(channels, device=images.device) * channel_step
        row = (torch.arange(height, device=images.device) + margin) * self.row_step + margin
        self.starts = (channel[:, None] + row).flatten()  # (C * H,): the rows of image 0, not shifted

    def shift(self, index: Tensor, dy: Tensor, dx: Tensor) -> Tensor:
        """The images `index` (B,), moved `dy` (B,) pixels down and `dx` (B,) to the right: (B, C, H, W)."""
        moved = index * self.image_step - dy * self.row_step - dx  # (B,)
        starts = (moved[:, None] + self.starts).flatten()  # (B * C * H,)
        return self.runs.index_select(0, starts).view(-1, *self.shape)


def flip(images: Tensor, mirrored: Tensor) -> Tensor:
    """Left and right exchanged in the samples where `mirrored` (B,), int64, is 1, not where it is 0."""
    both = torch.cat([images, images.flip(-1)])  # (2B, C, H, W)
    size = len(images)
    return both.index_select(0, torch.arange(size, device=images.device) + size * mirrored)


def cutout(images: Tensor, y: Tensor, x: Tensor, size: int) -> Tensor:
    """Zero, the mean of normalised images, in a square around (y, x) (B,), clipped at the border.

    DeVries and Taylor, Improved Regularization of Convolutional Neural Networks with Cutout, 2017.
    """
    return images * (1 - rectangles(y - size // 2, x - size // 2, size, size, images))


def erase(images: Tensor, top: Tensor, left: Tensor, height: Tensor, width: Tensor, noise: Tensor) -> Tensor:
    """`noise` (B, C, H, W) in a rectangle per sample, each (B,). A rectangle of no height erases nothing.

    Zhong et al., Random Erasing Data Augmentation, 2017.
    """
    return images.lerp(noise, rectangles(top, left, height, width, images))


def rectangles(top: Tensor, left: Tensor, height: Tensor | int, width: Tensor | int, images: Tensor) -> Tensor:
    """1 inside each sample's rectangle and 0 outside: (B, 1, H, W), of the type and size of `images`."""
    y = torch.arange(images.shape[2], device=images.device)
    x = torch.arange(images.shape[3], device=images.device)
    rows = (y >= top[:, None]) & (y < (top + height)[:, None])  # (B, H)
    columns = (x >= left[:, None]) & (x < (left + width)[:, None])  # (B, W)
    return (rows.to(images.dtype)[:, :, None] * columns.to(images.dtype)[:, None, :])[:, None]


def random_rectangles(
    count: int, height: int, width: int, *, probability: float, generator: torch.Generator
) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Top, left, height and width, each float (count,) of whole pixels, the height 0 but with `probability`.

    The area is uniform in 2 to 33 % of the image and height / width log-uniform in 0.3 to 1 / 0.3. The paper
    draws again what does not fit into the image; here it is cut to the image's size, which spares a loop.
    """
    chance, area, ratio, y, x = torch.rand(5, count, generator=generator, device=generator.device)
    area = (0.02 + 0.31 * area) * height * width
    ratio = torch.exp((2 * ratio - 1) * math.log(1 / 0.3))
    h = (area * ratio).sqrt().round().clamp(1, height)
    w = (area / ratio).sqrt().round().clamp(1, width)
    top, left = (y * (height - h + 1)).floor(), (x * (width - w + 1)).floor()
    return top, left, h * (chance < probability), w
