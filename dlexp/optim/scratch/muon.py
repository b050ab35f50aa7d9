"""Muon: momentum whose singular values are all moved to about 1."""

from collections.abc import Sequence

import torch
from torch import Tensor

from dlexp.optim.scratch.rule import Rule, check_fraction, check_positive


class Muon(Rule):
    """b = momentum b + (1 - momentum) g;  u = momentum b + (1 - momentum) g with nesterov, else b;
    (1 - lr weight_decay) x - lr sqrt(max(1, rows / columns)) orthogonal(u), for matrices x (..., rows, columns), where
    torch's layers have their outputs as rows. The models by hand have their inputs there: of a wide layer, a step is
    sqrt(inputs / outputs) times as long as torch's with the same lr.

    As torch.optim.Muon, there in bfloat16, here as precise as x. Jordan et al. 2024,
    https://kellerjordan.github.io/posts/muon/. A vector (a bias) counts as a matrix of one row, whose only singular
    value is its length: its steps are then all about as long as lr, whatever the gradient.
    """

    def __init__(
        self,
        *,
        lr: float | Tensor,
        momentum: float,
        nesterov: bool,
        ns_coefficients: Sequence[float],
        ns_steps: int,
        eps: float,
        weight_decay: float,
    ) -> None:
        super().__init__(lr=lr, weight_decay=weight_decay)
        self.momentum = check_fraction("momentum", momentum)
        self.nesterov = nesterov
        self.ns_coefficients = ns_coefficients
        self.ns_steps = ns_steps
        self.eps = check_positive("eps", eps)

    def state(self, x: Tensor) -> dict[str, Tensor | int]:
        return {"momentum_buffer": torch.zeros_like(x)}

    def step(self, x: Tensor, gradient: Tensor, state: dict[str, Tensor | int]) -> Tensor:
        state["momentum_buffer"] = b = self.momentum * state["momentum_buffer"] + (1 - self.momentum) * gradient
        u = self.momentum * b + (1 - self.momentum) * gradient if self.nesterov else b
        matrix = u if u.ndim > 1 else u.reshape(1, -1)  # (..., rows, columns)
        rows, columns = matrix.shape[-2:]
        direction = self.orthogonal(matrix).reshape(x.shape)
        return (1 - self.lr * self.weight_decay) * x - self.lr * max(1, rows / columns) ** 0.5 * direction

    def orthogonal(self, matrix: Tensor) -> Tensor:
        """Apply a s + b s^3 + c s^5 to the singular values s, `ns_steps` times: from 0 < s <= 1 to about 1."""
        a, b, c = self.ns_coefficients
        m = matrix / torch.linalg.matrix_norm(matrix, keepdim=True).clamp(min=self.eps)  # now every s <= 1
        for _ in range(self.ns_steps):
            gram = m @ m.mT  # (..., rows, rows)
            m = a * m + (b * gram + c * gram @ gram) @ m
        return m
