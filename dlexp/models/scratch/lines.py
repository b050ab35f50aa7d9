"""Several lines through the same points, fitted at once by squared error; the gradients written out."""

import torch
from torch import Tensor, nn

from dlexp.errors import InputError
from dlexp.models.scratch.least_squares import least_squares


class Lines(nn.Module):
    """y = w x + b for each of W lines, all of which begin at `start_weight` and `start_bias`."""

    def __init__(self, *, lines: int, start_weight: float, start_bias: float) -> None:
        super().__init__()
        if lines < 1:
            raise InputError(f"model.lines={lines} does not work: give a number above 0")
        start = torch.tensor([float(start_weight), float(start_bias)]).repeat(lines, 1)
        self.lines = nn.Parameter(start, requires_grad=False)  # (W, 2): slope and intercept

    def forward(self, x: Tensor) -> Tensor:
        return outputs(self.lines, x)

    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Mean squared error (W,) of outputs (W, B) and targets (B,)."""
        return (outputs - targets).square().mean(-1)

    def gradients(self, x: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Outputs (W, B) of the batch, and for each line the gradient (W, 2) of its own mean squared error."""
        y = self(x)
        slope = 2 * (y - targets) / len(targets)  # (W, B), of the loss by each output
        return y, torch.stack([slope @ x[:, 0], slope.sum(-1)], dim=-1)

    closed_form = staticmethod(least_squares)


def outputs(lines: Tensor, x: Tensor) -> Tensor:
    """Of lines (..., 2) at x (B, 1): (..., B)."""
    return lines[..., :1] * x[:, 0] + lines[..., 1:]
