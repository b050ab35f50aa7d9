"""A ring around another: no line separates them, their distance from the middle does."""

import math

import torch
from torch import Tensor

from dlexp.errors import InputError


class Circles:
    """Class 0 on the circle of radius 1, class 1 on that of radius `inner`."""

    def __init__(self, *, inner: float, noise: float) -> None:
        self.inner = inner
        self.noise = noise
        if not 0 <= inner < 1:
            raise InputError(
                f"data.points.inner={inner} does not work: give a radius from 0 to below 1, that of the outer circle"
            )
        if not noise >= 0:
            raise InputError(f"data.points.noise={noise} does not work: give a standard deviation, 0 or more")

    def __call__(self, labels: Tensor, generator: torch.Generator) -> Tensor:
        angle = 2 * math.pi * torch.rand(len(labels), generator=generator)  # (N,)
        radius = torch.where(labels == 1, self.inner, 1.0)  # (N,)
        circle = radius[:, None] * torch.stack([torch.cos(angle), torch.sin(angle)], 1)  # (N, 2)
        return circle + self.noise * torch.randn(len(labels), 2, generator=generator)
