"""Linear regression by hand: a weighted sum, its squared error, both gradients, and the solution in closed form."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from dlexp.models.scratch.least_squares import least_squares


class LinearRegression(nn.Module):
    """y = x w + b, of D = prod(input_shape) numbers. Every weight begins at `start_weight`, b at `start_bias`."""

    def __init__(self, *, input_shape: Sequence[int], start_weight: float, start_bias: float) -> None:
        super().__init__()
        start = torch.full((math.prod(input_shape),), float(start_weight))
        self.weight = nn.Parameter(start, requires_grad=False)  # (D,)
        self.bias = nn.Parameter(torch.tensor(float(start_bias)), requires_grad=False)  # ()

    def forward(self, x: Tensor) -> Tensor:
        return x.flatten(1) @ self.weight + self.bias  # (B,)

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Mean squared error of outputs (B,) and targets (B,)."""
        return (outputs - targets).square().mean()

    def gradients(self, x: Tensor, targets: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Outputs (B,) of the batch, and the gradient of its mean squared error for `weight` and `bias`."""
        outputs = self(x)
        slope = 2 * (outputs - targets) / len(targets)  # (B,), of the loss by each output
        return outputs, {
            "weight": slope @ x.flatten(1),  # (D,)
            "bias": slope.sum(),  # ()
        }

    closed_form = staticmethod(least_squares)
