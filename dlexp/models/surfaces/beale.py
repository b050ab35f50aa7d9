"""Beale's function: a flat valley between walls of the sixth power."""

from collections.abc import Sequence

import torch
from torch import Tensor

from dlexp.models.surfaces.surface import Surface


class Beale(Surface):
    """f(x, y) = (1.5 - x + x y)^2 + (2.25 - x + x y^2)^2 + (2.625 - x + x y^3)^2. Minimum: 0 at (3, 0.5).

    Beale 1958, On an iterative method for finding a local minimum of a function of more than one variable. It also
    falls, ever more slowly, towards x = -infinity along y = 1.
    """

    def __init__(self, *, start: Sequence[float], window: Sequence[float]) -> None:
        super().__init__(start=start, window=window, minima=[[3, 0.5]])

    def forward(self, points: Tensor) -> Tensor:
        x, y = points.unbind(-1)
        return (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2

    def gradient(self, points: Tensor) -> Tensor:
        x, y = points.unbind(-1)
        a, b, c = 1.5 - x + x * y, 2.25 - x + x * y**2, 2.625 - x + x * y**3
        by_x = 2 * (a * (y - 1) + b * (y**2 - 1) + c * (y**3 - 1))
        by_y = 2 * x * (a + 2 * b * y + 3 * c * y**2)
        return torch.stack([by_x, by_y], dim=-1)
