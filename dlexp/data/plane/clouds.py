"""Two clouds on either side of a line, as far from it as one chooses, or reaching across it."""

import math

import torch
from torch import Tensor

from dlexp.errors import InputError


class Clouds:
    """Class 1 lies on the side to which the line's normal points, class 0 on the other.

    Each point is at least `margin` from the line: by margin + |N(0, spread)|, and N(0, spread) along it. Below 0 the
    clouds reach across the line by up to so much, and no line separates them. The line's normal points to `angle`
    degrees, at a distance of `offset` from the origin.
    """

    def __init__(self, *, margin: float, spread: float, angle: float, offset: float) -> None:
        self.margin = margin
        self.spread = spread
        self.angle = angle
        self.offset = offset
        if not spread >= 0:
            raise InputError(f"data.points.spread={spread} does not work: give a number from 0 up")

    def __call__(self, labels: Tensor, generator: torch.Generator) -> Tensor:
        radians = math.radians(self.angle)
        normal = torch.tensor([math.cos(radians), math.sin(radians)])  # (2,)
        along = torch.tensor([-math.sin(radians), math.cos(radians)])  # (2,)
        across, sideways = self.spread * torch.randn(2, len(labels), 1, generator=generator)  # (N, 1), (N, 1)
        side = 2.0 * labels[:, None] - 1  # (N, 1)
        return (self.offset + side * (self.margin + across.abs())) * normal + sideways * along
