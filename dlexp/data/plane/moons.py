"""Two half circles, each reaching into the other's opening."""

import math

import torch
from torch import Tensor

from dlexp.errors import InputError


class Moons:
    """Half circles of radius 1: the upper one of class 0 around (-0.5, -0.25), the lower one around (0.5, 0.25)."""

    def __init__(self, *, noise: float) -> None:
        self.noise = noise
        if not noise >= 0:
            raise InputError(f"data.points.noise={noise} does not work: give a standard deviation, 0 or more")

    def __call__(self, labels: Tensor, generator: torch.Generator) -> Tensor:
        angle = math.pi * torch.rand(len(labels), generator=generator)  # (N,)
        side = 1.0 - 2.0 * labels  # 1 for the upper moon
        x = side * (torch.cos(angle) - 0.5)
        y = side * (torch.sin(angle) - 0.25)
        return torch.stack([x, y], 1) + self.noise * torch.randn(len(labels), 2, generator=generator)
