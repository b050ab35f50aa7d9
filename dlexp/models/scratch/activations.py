"""Activation functions with their derivatives by hand, and how large the weights before them begin."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class Activation:
    """A function of each number z, and what backpropagation asks of it."""

    value: Callable[[Tensor], Tensor]  # a = f(z)
    slope: Callable[[Tensor], Tensor]  # f'(z), written as a function of a: z need not be kept
    variance: Callable[[int, int], float]  # of the first weights, by the number of inputs and of outputs


def he(inputs: int, outputs: int) -> float:
    """2 / inputs: half of the signal dies in a ReLU, the rest makes up for it (He et al. 2015, arXiv 1502.01852)."""
    return 2 / inputs


def glorot(inputs: int, outputs: int) -> float:
    """2 / (inputs + outputs): between what keeps the size of signals and what keeps that of gradients.

    Glorot and Bengio 2010, https://proceedings.mlr.press/v9/glorot10a.html.
    """
    return 2 / (inputs + outputs)


def sigmoid(z: Tensor) -> Tensor:
    return 1 / (1 + torch.exp(-z))


ACTIVATIONS = {
    "relu": Activation(value=lambda z: z.clamp(min=0), slope=lambda a: (a > 0).to(a.dtype), variance=he),
    "tanh": Activation(value=torch.tanh, slope=lambda a: 1 - a * a, variance=glorot),
    "sigmoid": Activation(value=sigmoid, slope=lambda a: a * (1 - a), variance=glorot),
}
