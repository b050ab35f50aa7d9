"""Four clouds at the corners of a square, opposite corners of one class: exclusive or, with noise."""

import torch
from torch import Tensor

from dlexp.errors import InputError


class Xor:
    """Class 1 around (1, -1) and (-1, 1), class 0 around (1, 1) and (-1, -1)."""

    def __init__(self, *, noise: float) -> None:
        self.noise = noise
        if not noise >= 0:
            raise InputError(f"data.points.noise={noise} does not work: give a standard deviation, 0 or more")

    def __call__(self, labels: Tensor, generator: torch.Generator) -> Tensor:
        x = 2.0 * torch.randint(2, labels.shape, generator=generator) - 1  # (N,), the corner's column
        y = x * (1.0 - 2.0 * labels)  # (N,), equal to it for class 0
        return torch.stack([x, y], 1) + self.noise * torch.randn(len(labels), 2, generator=generator)
