"""Fully connected encoders and decoders."""

import math
from collections.abc import Sequence
from itertools import pairwise

from torch import nn

from dlexp.layers.activations import ACTIVATIONS
from dlexp.layers.choice import choose
from dlexp.layers.he_normal import he_normal


def dense_encoder(
    inputs: int, hidden_sizes: Sequence[int], outputs: int, *, activation: str, dropout: float
) -> nn.Sequential:
    """Samples of `inputs` numbers, of any shape (B, …), to (B, outputs), which no activation bounds."""
    return nn.Sequential(nn.Flatten(), *dense(inputs, hidden_sizes, outputs, activation=activation, dropout=dropout))


def dense_decoder(
    inputs: int, hidden_sizes: Sequence[int], image_shape: Sequence[int], *, activation: str, dropout: float
) -> nn.Sequential:
    """(B, inputs) to (B, C, H, W), which no activation bounds."""
    layers = dense(inputs, hidden_sizes, math.prod(image_shape), activation=activation, dropout=dropout)
    return nn.Sequential(*layers, nn.Unflatten(1, tuple(image_shape)))


def dense(
    inputs: int, hidden_sizes: Sequence[int], outputs: int, *, activation: str, dropout: float
) -> list[nn.Module]:
    """A hidden layer (linear, activation, dropout) per entry of `hidden_sizes`, and a linear output layer.

    Hidden layers begin as He et al. do (2015, arXiv 1502.01852): with torch's own smaller weights, several of them
    learn slowly.
    """
    layer = choose("model.activation", activation, ACTIVATIONS)
    layers: list[nn.Module] = []
    for before, after in pairwise([inputs, *hidden_sizes]):
        layers += [nn.Linear(before, after), layer(), *([nn.Dropout(dropout)] if dropout else [])]
    he_normal(*layers, mode="fan_in")
    return [*layers, nn.Linear([inputs, *hidden_sizes][-1], outputs)]
