"""Pixels to what a network sees: (x / 255 - mean) / std, per channel."""

from collections.abc import Sequence

import torch
from torch import Tensor


class Normalize:
    """uint8 (B, C, H, W) to float32, by one multiply-add. `mean` and `std` are of pixels in 0..1."""

    def __init__(self, *, mean: Sequence[float], std: Sequence[float], device: torch.device) -> None:
        m, s = (torch.tensor(list(values), dtype=torch.float64).view(-1, 1, 1) for values in (mean, std))
        self.scale = (1 / (255 * s)).float().to(device)  # (C, 1, 1)
        self.offset = (-m / s).float().to(device)  # (C, 1, 1)

    def __call__(self, images: Tensor) -> Tensor:
        return images.float().mul_(self.scale).add_(self.offset)
