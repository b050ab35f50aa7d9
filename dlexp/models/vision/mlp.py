"""Multilayer perceptron: fully connected layers over the pixels."""

import math
from collections.abc import Sequence
from itertools import pairwise

from torch import Tensor, nn

from dlexp.layers.activations import ACTIVATIONS
from dlexp.layers.choice import choose


class MLP(nn.Module):
    """A hidden layer (linear, activation, dropout) per entry of `hidden_sizes`, and a linear output layer."""

    def __init__(
        self,
        *,
        input_shape: Sequence[int],
        num_classes: int,
        hidden_sizes: Sequence[int],
        activation: str,
        dropout: float,
    ) -> None:
        super().__init__()
        activation_layer = choose("model.activation", activation, ACTIVATIONS)
        sizes = [math.prod(input_shape), *hidden_sizes]
        layers: list[nn.Module] = []
        for inputs, outputs in pairwise(sizes):
            layers += [nn.Linear(inputs, outputs), activation_layer(), nn.Dropout(dropout)]
        self.hidden = nn.Sequential(*layers)
        self.classifier = nn.Linear(sizes[-1], num_classes)

    def forward(self, x: Tensor) -> Tensor:
        x = x.flatten(1)  # (B, C * H * W)
        x = self.hidden(x)  # (B, hidden_sizes[-1])
        return self.classifier(x)  # (B, num_classes)
