"""Himmelblau's function: four minima, all equally low."""

from collections.abc import Sequence

import torch
from torch import Tensor

from dlexp.models.surfaces.surface import Surface

MINIMA = (
    (3.0, 2.0),
    (-2.805118086952745, 3.131312518250573),
    (-3.779310253377747, -3.283185991286170),
    (3.584428340330492, -1.848126526964404),
)


class Himmelblau(Surface):
    """f(x, y) = (x^2 + y - 11)^2 + (x + y^2 - 7)^2. Minima: 0 at four points.

    Himmelblau, Applied Nonlinear Programming, McGraw-Hill 1972.
    """

    def __init__(self, *, start: Sequence[float], window: Sequence[float]) -> None:
        super().__init__(start=start, window=window, minima=MINIMA)

    def forward(self, points: Tensor) -> Tensor:
        x, y = points.unbind(-1)
        return (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2

    def gradient(self, points: Tensor) -> Tensor:
        x, y = points.unbind(-1)
        a, b = x**2 + y - 11, x + y**2 - 7
        return torch.stack([4 * x * a + 2 * b, 2 * a + 4 * y * b], dim=-1)
