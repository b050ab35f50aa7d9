"""Rosenbrock's banana: a curved valley, quick to enter and slow to follow."""

from collections.abc import Sequence

import torch
from torch import Tensor

from dlexp.models.surfaces.surface import Surface


class Rosenbrock(Surface):
    """f(x, y) = (1 - x)^2 + steepness (y - x^2)^2. Minimum: 0 at (1, 1).

    Rosenbrock 1960, doi 10.1093/comjnl/3.3.175, with steepness 100 and the start (-1.2, 1).
    """

    def __init__(self, *, steepness: float, start: Sequence[float], window: Sequence[float]) -> None:
        super().__init__(start=start, window=window, minima=[[1, 1]])
        self.steepness = steepness

    def forward(self, points: Tensor) -> Tensor:
        x, y = points.unbind(-1)
        return (1 - x) ** 2 + self.steepness * (y - x**2) ** 2

    def gradient(self, points: Tensor) -> Tensor:
        x, y = points.unbind(-1)
        off = 2 * self.steepness * (y - x**2)  # how far off the valley's floor
        return torch.stack([-2 * (1 - x) - 2 * x * off, off], dim=-1)
