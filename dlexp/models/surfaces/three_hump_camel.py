"""The three-hump camel: the lowest minimum between two others."""

from collections.abc import Sequence

import torch
from torch import Tensor

from dlexp.models.surfaces.surface import Surface


class ThreeHumpCamel(Surface):
    """f(x, y) = 2 x^2 - 1.05 x^4 + x^6 / 6 + x y + y^2. Minimum: 0 at (0, 0); two more, of 0.2986, near
    (1.75, -0.87) and (-1.75, 0.87).

    Surjanovic and Bingham, Virtual Library of Simulation Experiments, https://www.sfu.ca/~ssurjano/camel3.html.
    """

    def __init__(self, *, start: Sequence[float], window: Sequence[float]) -> None:
        super().__init__(start=start, window=window, minima=[[0, 0]])

    def forward(self, points: Tensor) -> Tensor:
        x, y = points.unbind(-1)
        return 2 * x**2 - 1.05 * x**4 + x**6 / 6 + x * y + y**2

    def gradient(self, points: Tensor) -> Tensor:
        x, y = points.unbind(-1)
        return torch.stack([4 * x - 4.2 * x**3 + x**5 + y, x + 2 * y], dim=-1)
