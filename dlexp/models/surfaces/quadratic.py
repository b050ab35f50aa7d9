"""A bowl: the quadratic form of two curvatures, turned so that its axes are not those of the coordinates."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor

from dlexp.errors import InputError
from dlexp.models.surfaces.surface import Surface


class Quadratic(Surface):
    """f(p) = (p - minimum)' A (p - minimum) / 2, with `curvatures` as eigenvalues of A and eigenvectors turned by
    `angle` degrees. The quotient of the curvatures is the condition number.
    """

    def __init__(
        self,
        *,
        curvatures: Sequence[float],
        angle: float,
        minimum: Sequence[float],
        start: Sequence[float],
        window: Sequence[float],
    ) -> None:
        super().__init__(start=start, window=window, minima=[minimum])
        if len(curvatures) != 2 or not min(curvatures) > 0:
            raise InputError(f"model.curvatures={list(curvatures)} does not work: give two numbers above 0")
        cos, sin = math.cos(math.radians(angle)), math.sin(math.radians(angle))
        turn = torch.tensor([[cos, -sin], [sin, cos]], dtype=torch.float64)
        matrix = turn @ torch.tensor(curvatures, dtype=torch.float64).diag() @ turn.T  # (2, 2)
        self.register_buffer("matrix", matrix, persistent=False)

    def forward(self, points: Tensor) -> Tensor:
        return ((points - self.minima[0]) * self.gradient(points)).sum(-1) / 2

    def gradient(self, points: Tensor) -> Tensor:
        (a, b), (_, c) = self.matrix
        x, y = (points - self.minima[0]).unbind(-1)
        return torch.stack([a * x + b * y, b * x + c * y], dim=-1)
