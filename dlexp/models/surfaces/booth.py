"""Booth's function: a bowl of condition number 9 along the diagonals, away from the origin."""

from collections.abc import Sequence

import torch
from torch import Tensor

from dlexp.models.surfaces.surface import Surface


class Booth(Surface):
    """f(x, y) = (x + 2 y - 7)^2 + (2 x + y - 5)^2. Minimum: 0 at (1, 3).

    Surjanovic and Bingham, Virtual Library of Simulation Experiments, https://www.sfu.ca/~ssurjano/booth.html.
    """

    def __init__(self, *, start: Sequence[float], window: Sequence[float]) -> None:
        super().__init__(start=start, window=window, minima=[[1, 3]])

    def forward(self, points: Tensor) -> Tensor:
        x, y = points.unbind(-1)
        return (x + 2 * y - 7) ** 2 + (2 * x + y - 5) ** 2

    def gradient(self, points: Tensor) -> Tensor:
        x, y = points.unbind(-1)
        a, b = x + 2 * y - 7, 2 * x + y - 5
        return torch.stack([2 * a + 4 * b, 4 * a + 2 * b], dim=-1)
