"""Multinomial logistic regression: one linear layer over the pixels."""

import math
from collections.abc import Sequence

from torch import Tensor, nn


class LinearClassifier(nn.Module):
    def __init__(self, *, input_shape: Sequence[int], num_classes: int) -> None:
        super().__init__()
        self.classifier = nn.Linear(math.prod(input_shape), num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = x.flatten(1)  # (B, C * H * W)
        return self.classifier(x)  # (B, num_classes)
