"""Gradient descent: a step downhill."""

from torch import Tensor

from dlexp.optim.scratch.rule import Rule


class Sgd(Rule):
    """x - lr g. As torch.optim.SGD(lr, weight_decay).

    Robbins and Monro 1951, doi 10.1214/aoms/1177729586. Weight decay is L2: it adds weight_decay x to the gradient g.
    """

    def state(self, x: Tensor) -> dict[str, Tensor | int]:
        return {}

    def step(self, x: Tensor, gradient: Tensor, state: dict[str, Tensor | int]) -> Tensor:
        g = gradient + self.weight_decay * x
        return x - self.lr * g
