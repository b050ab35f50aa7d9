"""Nesterov's momentum: the gradient counts where the momentum is about to carry the point."""

import torch
from torch import Tensor

from dlexp.optim.scratch.rule import Rule, check_fraction


class Nesterov(Rule):
    """b = momentum b + g;  x - lr (g + momentum b). As torch.optim.SGD(lr, momentum, weight_decay, nesterov=True).

    Sutskever et al. 2013, https://proceedings.mlr.press/v28/sutskever13.html, in the form that asks for the gradient
    at x itself: x here is their look-ahead point. Weight decay is L2: it adds weight_decay x to the gradient g.
    """

    def __init__(self, *, lr: float | Tensor, momentum: float, weight_decay: float) -> None:
        super().__init__(lr=lr, weight_decay=weight_decay)
        self.momentum = check_fraction("momentum", momentum)

    def state(self, x: Tensor) -> dict[str, Tensor | int]:
        return {"momentum_buffer": torch.zeros_like(x)}

    def step(self, x: Tensor, gradient: Tensor, state: dict[str, Tensor | int]) -> Tensor:
        g = gradient + self.weight_decay * x
        state["momentum_buffer"] = b = self.momentum * state["momentum_buffer"] + g
        return x - self.lr * (g + self.momentum * b)
