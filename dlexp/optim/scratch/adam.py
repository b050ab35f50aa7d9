"""Adam: momentum over the running root mean square, both corrected for their start at 0."""

from collections.abc import Sequence

import torch
from torch import Tensor

from dlexp.optim.scratch.rule import Rule, check_betas, check_positive


class Adam(Rule):
    """m = beta1 m + (1 - beta1) g;  v = beta2 v + (1 - beta2) g^2;  in step t, counted from 1:
    x - lr m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + eps). As torch.optim.Adam(lr, betas, eps, weight_decay).

    Kingma and Ba 2015, arXiv 1412.6980. Weight decay is L2: it adds weight_decay x to the gradient g, and the division
    by v all but undoes it.
    """

    def __init__(self, *, lr: float | Tensor, betas: Sequence[float], eps: float, weight_decay: float) -> None:
        super().__init__(lr=lr, weight_decay=weight_decay)
        self.betas = check_betas(betas)
        self.eps = check_positive("eps", eps)

    def state(self, x: Tensor) -> dict[str, Tensor | int]:
        return {"step": 0, "exp_avg": torch.zeros_like(x), "exp_avg_sq": torch.zeros_like(x)}

    def step(self, x: Tensor, gradient: Tensor, state: dict[str, Tensor | int]) -> Tensor:
        g = gradient + self.weight_decay * x
        beta1, beta2 = self.betas
        state["step"] += 1
        state["exp_avg"] = beta1 * state["exp_avg"] + (1 - beta1) * g
        state["exp_avg_sq"] = beta2 * state["exp_avg_sq"] + (1 - beta2) * g**2
        m = state["exp_avg"] / (1 - beta1 ** state["step"])
        v = state["exp_avg_sq"] / (1 - beta2 ** state["step"])
        return x - self.lr * m / (v.sqrt() + self.eps)
