"""RMSProp: gradients divided by their running root mean square."""

import torch
from torch import Tensor

from dlexp.optim.scratch.rule import Rule, check_fraction, check_positive


class Rmsprop(Rule):
    """v = alpha v + (1 - alpha) g^2;  x - lr g / (sqrt(v) + eps). As torch.optim.RMSprop(lr, alpha, eps, weight_decay).

    Tieleman and Hinton 2012, https://www.cs.toronto.edu/~tijmen/csc321/slides/lecture_slides_lec6.pdf. v starts at 0
    and nobody corrects for it, so that the first steps are up to 1 / sqrt(1 - alpha) times as long as later ones.
    Weight decay is L2: it adds weight_decay x to the gradient g.
    """

    def __init__(self, *, lr: float | Tensor, alpha: float, eps: float, weight_decay: float) -> None:
        super().__init__(lr=lr, weight_decay=weight_decay)
        self.alpha = check_fraction("alpha", alpha)
        self.eps = check_positive("eps", eps)

    def state(self, x: Tensor) -> dict[str, Tensor | int]:
        return {"square_avg": torch.zeros_like(x)}

    def step(self, x: Tensor, gradient: Tensor, state: dict[str, Tensor | int]) -> Tensor:
        g = gradient + self.weight_decay * x
        state["square_avg"] = v = self.alpha * state["square_avg"] + (1 - self.alpha) * g**2
        return x - self.lr * g / (v.sqrt() + self.eps)
