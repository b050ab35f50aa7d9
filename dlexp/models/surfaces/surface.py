"""What a test surface is: a function of two numbers, its gradient by hand, and where its minima are."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from dlexp.errors import InputError


class Surface(nn.Module, ABC):
    """A model of two numbers: `point` (2,), in float64, is all that it learns.

    `start` is where walks begin, `minima` (M, 2) are all global minima, where the value is 0, and `window` is what a
    figure shows: left, right, bottom, top.
    """

    def __init__(self, *, start: Sequence[float], window: Sequence[float], minima: Sequence[Sequence[float]]) -> None:
        super().__init__()
        if len(start) != 2:
            raise InputError(f"model.start={list(start)} does not work: give two numbers, such as [-1,2]")
        if len(window) != 4 or not (window[0] < window[1] and window[2] < window[3]):
            raise InputError(f"model.window={list(window)} does not work: give left, right, bottom and top")
        self.window = tuple(window)
        self.point = nn.Parameter(torch.tensor(start, dtype=torch.float64), requires_grad=False)
        self.register_buffer("start", self.point.clone(), persistent=False)
        self.register_buffer("minima", torch.tensor(minima, dtype=torch.float64), persistent=False)

    @abstractmethod
    def forward(self, points: Tensor) -> Tensor:
        """The values (...) at points (..., 2)."""

    @abstractmethod
    def gradient(self, points: Tensor) -> Tensor:
        """The gradients (..., 2) at points (..., 2)."""

    def distance(self, points: Tensor) -> Tensor:
        """From points (..., 2) to the nearest global minimum, (...)."""
        return (points.unsqueeze(-2) - self.minima).norm(dim=-1).amin(-1)  # (..., M, 2) to (...)
