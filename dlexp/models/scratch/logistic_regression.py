"""Logistic regression by hand: one weighted sum z, and sigmoid(z) is the probability of class 1."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from dlexp.errors import InputError


class LogisticRegression(nn.Module):
    """z = x w + b, of D = prod(input_shape) numbers, for two classes.

    The scores are [0, z], as softmax([0, z]) = [1 - sigmoid(z), sigmoid(z)]. The loss is convex: w = 0 is as good a
    beginning as any.
    """

    def __init__(self, *, input_shape: Sequence[int], num_classes: int) -> None:
        super().__init__()
        if num_classes != 2:
            raise InputError(
                f"model=logistic_scratch is for two classes, the data has {num_classes}: take model=softmax_scratch"
            )
        self.input_shape = list(input_shape)
        self.weight = nn.Parameter(torch.zeros(math.prod(input_shape)), requires_grad=False)  # (D,)
        self.bias = nn.Parameter(torch.zeros(()), requires_grad=False)  # ()

    def forward(self, x: Tensor) -> Tensor:
        z = x.flatten(1) @ self.weight + self.bias  # (B,)
        return torch.stack([torch.zeros_like(z), z], 1)  # (B, 2)

    def loss(self, scores: Tensor, labels: Tensor) -> Tensor:
        """Mean of -log sigmoid(z) for class 1 and -log(1 - sigmoid(z)) for class 0: log(1 + exp(z)) - label z.

        log(1 + exp(z)) = max(z, 0) + log(1 + exp(-|z|)): no exponential overflows.
        """
        z = scores[:, 1]  # (B,)
        return (z.clamp(min=0) + torch.log1p(torch.exp(-z.abs())) - labels * z).mean()

    def gradients(self, x: Tensor, labels: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """Scores (B, 2) of the batch, and the gradient of its mean loss for `weight` and `bias`."""
        scores = self(x)
        probability = 1 / (1 + torch.exp(-scores[:, 1]))  # (B,), of class 1; exp may be infinite here, 1 / inf is 0
        error = (probability - labels) / len(labels)  # (B,)
        return scores, {
            "weight": error @ x.flatten(1),  # (D,)
            "bias": error.sum(),  # ()
        }

    def weight_images(self) -> Tensor:
        """What class 1 adds up, laid out as the input: (1, *input_shape)."""
        return self.weight.reshape(1, *self.input_shape)
