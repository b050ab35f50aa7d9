"""A network with one hidden layer by hand: forward, loss, backward."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from dlexp.errors import InputError
from dlexp.layers.choice import choose
from dlexp.models.scratch.activations import ACTIVATIONS, glorot
from dlexp.models.scratch.cross_entropy import cross_entropy, cross_entropy_gradient


class MLPScratch(nn.Module):
    """scores = f(x W1 + b1) W2 + b2, of D = prod(input_shape) numbers, H = `hidden` units and K = num_classes.

    Backpropagation as in Rumelhart, Hinton and Williams 1986 (doi 10.1038/323533a0). In training each hidden unit is
    silent with probability `dropout`, and the others are the louder for it (Srivastava et al. 2014,
    https://jmlr.org/papers/v15/srivastava14a.html).
    """

    def __init__(
        self, *, input_shape: Sequence[int], num_classes: int, hidden: int, activation: str, dropout: float
    ) -> None:
        super().__init__()
        if not isinstance(hidden, int) or hidden < 1:
            raise InputError(f"model.hidden={hidden}: give a number of units, 1 or more")
        if not 0 <= dropout < 1:
            raise InputError(f"model.dropout={dropout}: give a probability from 0 to below 1")
        self.input_shape = list(input_shape)
        self.activation = choose("model.activation", activation, ACTIVATIONS)
        self.dropout = dropout
        inputs = math.prod(input_shape)
        self.weight1 = draw(inputs, hidden, self.activation.variance(inputs, hidden))  # (D, H)
        self.bias1 = zeros(hidden)  # (H,)
        self.weight2 = draw(hidden, num_classes, glorot(hidden, num_classes))  # (H, K)
        self.bias2 = zeros(num_classes)  # (K,)

    def forward(self, x: Tensor) -> Tensor:
        a = self.activation.value(x.flatten(1) @ self.weight1 + self.bias1)  # (B, H)
        return a @ self.weight2 + self.bias2  # (B, K)

    def loss(self, scores: Tensor, labels: Tensor) -> Tensor:
        return cross_entropy(scores, labels)

    def gradients(self, x: Tensor, labels: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Scores (B, K) of the batch, and the gradient of its mean loss for each parameter, by the chain rule."""
        x = x.flatten(1)  # (B, D)
        a = self.activation.value(x @ self.weight1 + self.bias1)  # (B, H)
        mask = self.mask(a)  # (B, H)
        h = a * mask
        scores = h @ self.weight2 + self.bias2  # (B, K)

        d_scores = cross_entropy_gradient(scores, labels)  # (B, K)
        d_h = d_scores @ self.weight2.T  # (B, H)
        d_z = d_h * mask * self.activation.slope(a)  # (B, H)
        return scores, {
            "weight1": x.T @ d_z,  # (D, H)
            "bias1": d_z.sum(0),  # (H,)
            "weight2": h.T @ d_scores,  # (H, K)
            "bias2": d_scores.sum(0),  # (K,)
        }

    def mask(self, a: Tensor) -> Tensor:
        """0 for a unit that is silent, 1 / (1 - dropout) for the others: the sum stays the same on average."""
        if self.dropout == 0:
            return torch.ones_like(a)
        return (torch.rand_like(a) >= self.dropout).to(a.dtype) / (1 - self.dropout)

    def weight_images(self) -> Tensor:
        """What each hidden unit adds up, laid out as the input: (H, *input_shape)."""
        return self.weight1.T.reshape(-1, *self.input_shape)


def draw(inputs: int, outputs: int, variance: float) -> nn.Parameter:
    return nn.Parameter(math.sqrt(variance) * torch.randn(inputs, outputs), requires_grad=False)


def zeros(outputs: int) -> nn.Parameter:
    return nn.Parameter(torch.zeros(outputs), requires_grad=False)
