"""A saddle between two minima: downhill leads to a point where every direction is flat."""

from collections.abc import Sequence

import torch
from torch import Tensor

from dlexp.models.surfaces.surface import Surface


class Saddle(Surface):
    """f(x, y) = x^2 + (1 - y^2)^2 / 2. Minima: 0 at (0, 1) and (0, -1); near (0, 0) it is x^2 - y^2 + 1 / 2.

    From a start with y = 0 the gradient leads to the saddle point and no further: y has to begin beside 0.
    """

    def __init__(self, *, start: Sequence[float], window: Sequence[float]) -> None:
        super().__init__(start=start, window=window, minima=[[0, 1], [0, -1]])

    def forward(self, points: Tensor) -> Tensor:
        x, y = points.unbind(-1)
        return x**2 + (1 - y**2) ** 2 / 2

    def gradient(self, points: Tensor) -> Tensor:
        x, y = points.unbind(-1)
        return torch.stack([2 * x, -2 * y * (1 - y**2)], dim=-1)
