"""Softmax regression by hand: a weighted sum of the pixels for each class, the largest wins."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from dlexp.models.scratch.cross_entropy import cross_entropy, cross_entropy_gradient


class SoftmaxRegression(nn.Module):
    """scores = x W + b, of D = prod(input_shape) numbers and K = num_classes.

    The loss is convex, so that W = 0 is as good a beginning as any, and the same in every run.
    """

    def __init__(self, *, input_shape: Sequence[int], num_classes: int) -> None:
        super().__init__()
        self.input_shape = list(input_shape)
        self.weight = nn.Parameter(torch.zeros(math.prod(input_shape), num_classes), requires_grad=False)  # (D, K)
        self.bias = nn.Parameter(torch.zeros(num_classes), requires_grad=False)  # (K,)

    def forward(self, x: Tensor) -> Tensor:
        return x.flatten(1) @ self.weight + self.bias  # (B, K)

    def loss(self, scores: Tensor, labels: Tensor) -> Tensor:
        return cross_entropy(scores, labels)

    def gradients(self, x: Tensor, labels: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Scores (B, K) of the batch, and the gradient of its mean loss for `weight` and `bias`."""
        scores = self(x)
        error = cross_entropy_gradient(scores, labels)  # (B, K)
        return scores, {
            "weight": x.flatten(1).T @ error,  # (D, K)
            "bias": error.sum(0),  # (K,)
        }

    def weight_images(self) -> Tensor:
        """What each class adds up, laid out as the input: (K, *input_shape)."""
        return self.weight.T.reshape(-1, *self.input_shape)
