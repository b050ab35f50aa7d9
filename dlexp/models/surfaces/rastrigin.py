"""Rastrigin's function: a bowl full of holes, of which one is the lowest."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from dlexp.models.surfaces.surface import Surface


class Rastrigin(Surface):
    """f(p) = sum over both coordinates of x^2 + depth (1 - cos 2 pi x). Minimum: 0 at the origin; one more near
    every other pair of whole numbers.

    Rastrigin, Systems of Extremal Control, Nauka 1974, with depth 10.
    """

    def __init__(self, *, depth: float, start: Sequence[float], window: Sequence[float]) -> None:
        super().__init__(start=start, window=window, minima=[[0, 0]])
        self.depth = depth

    def forward(self, points: Tensor) -> Tensor:
        return (points**2 + self.depth * (1 - torch.cos(2 * math.pi * points))).sum(-1)

    def gradient(self, points: Tensor) -> Tensor:
        return 2 * points + 2 * math.pi * self.depth * torch.sin(2 * math.pi * points)
