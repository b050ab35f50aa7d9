"""Adadelta: steps in the unit of x, as long as the steps before them."""

import torch
from torch import Tensor

from dlexp.optim.scratch.rule import Rule, check_fraction, check_positive


class Adadelta(Rule):
    """v = rho v + (1 - rho) g^2;  d = sqrt(u + eps) / sqrt(v + eps) g;  u = rho u + (1 - rho) d^2;  x - lr d.

    As torch.optim.Adadelta(lr, rho, eps, weight_decay). Zeiler 2012, arXiv 1212.5701, which has no lr: 1 leaves the
    paper's steps. The first step is about sqrt(eps) long, and the later ones grow from there. Weight decay is L2: it
    adds weight_decay x to the gradient g.
    """

    def __init__(self, *, lr: float | Tensor, rho: float, eps: float, weight_decay: float) -> None:
        super().__init__(lr=lr, weight_decay=weight_decay)
        self.rho = check_fraction("rho", rho)
        self.eps = check_positive("eps", eps)

    def state(self, x: Tensor) -> dict[str, Tensor | int]:
        return {"square_avg": torch.zeros_like(x), "acc_delta": torch.zeros_like(x)}

    def step(self, x: Tensor, gradient: Tensor, state: dict[str, Tensor | int]) -> Tensor:
        g = gradient + self.weight_decay * x
        state["square_avg"] = v = self.rho * state["square_avg"] + (1 - self.rho) * g**2
        d = ((state["acc_delta"] + self.eps) / (v + self.eps)).sqrt() * g
        state["acc_delta"] = self.rho * state["acc_delta"] + (1 - self.rho) * d**2
        return x - self.lr * d
