"""AdaGrad: each coordinate's steps shrink with all the gradients that it has seen."""

import torch
from torch import Tensor

from dlexp.optim.scratch.rule import Rule, check_positive


class Adagrad(Rule):
    """s = s + g^2;  x - lr g / (sqrt(s) + eps). As torch.optim.Adagrad(lr, eps, weight_decay).

    Duchi, Hazan and Singer 2011, https://jmlr.org/papers/v12/duchi11a.html. Weight decay is L2: it adds
    weight_decay x to the gradient g.
    """

    def __init__(self, *, lr: float | Tensor, eps: float, weight_decay: float) -> None:
        super().__init__(lr=lr, weight_decay=weight_decay)
        self.eps = check_positive("eps", eps)

    def state(self, x: Tensor) -> dict[str, Tensor | int]:
        return {"sum": torch.zeros_like(x)}

    def step(self, x: Tensor, gradient: Tensor, state: dict[str, Tensor | int]) -> Tensor:
        g = gradient + self.weight_decay * x
        state["sum"] = s = state["sum"] + g**2
        return x - self.lr * g / (s.sqrt() + self.eps)
