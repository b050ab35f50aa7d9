"""Heavy-ball momentum: the gradients of the past go on pushing."""

import torch
from torch import Tensor

from dlexp.optim.scratch.rule import Rule, check_fraction


class Momentum(Rule):
    """b = momentum b + g;  x - lr b. As torch.optim.SGD(lr, momentum, weight_decay).

    Polyak 1964, doi 10.1016/0041-5553(64)90137-5. Weight decay is L2: it adds weight_decay x to the gradient g.
    """

    def __init__(self, *, lr: float | Tensor, momentum: float, weight_decay: float) -> None:
        super().__init__(lr=lr, weight_decay=weight_decay)
        self.momentum = check_fraction("momentum", momentum)

    def state(self, x: Tensor) -> dict[str, Tensor | int]:
        return {"momentum_buffer": torch.zeros_like(x)}

    def step(self, x: Tensor, gradient: Tensor, state: dict[str, Tensor | int]) -> Tensor:
        g = gradient + self.weight_decay * x
        state["momentum_buffer"] = b = self.momentum * state["momentum_buffer"] + g
        return x - self.lr * b
