"""Muon: momentum whose update is made orthogonal, for matrices and filters; AdamW for everything else."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer

from dlexp.errors import InputError


def orthogonalise(matrices: Tensor, *, coefficients: Sequence[float], steps: int) -> Tensor:
    """Move the singular values of matrices (N, rows, columns) towards 1, by Newton-Schulz iteration.

    A step applies the odd polynomial a s + b s^3 + c s^5 to the singular values s and leaves the singular
    vectors alone, with matrix products only. Jordan's coefficients are steep at 0 rather than exact at 1:
    five steps bring all but the smallest s to between 0.7 and 1.2, which he found to train as well as 1.
    """
    a, b, c = coefficients
    x = matrices.bfloat16() if matrices.is_cuda else matrices.float()
    tall = x.size(-2) > x.size(-1)
    if tall:  # the products below are cheapest with the short side first
        x = x.mT
    # The Frobenius norm bounds the largest singular value, and the iteration converges from at most 1.
    x = x / x.norm(dim=(-2, -1), keepdim=True).clamp(min=1e-7)
    for _ in range(steps):
        gram = x @ x.mT  # (N, short, short)
        factor = torch.baddbmm(gram, gram, gram, beta=b, alpha=c)  # b G + c G^2
        x = torch.baddbmm(x, factor, x, beta=a)  # a X + (b G + c G^2) X: (N, short, long)
    return x.mT if tall else x


class Muon(Optimizer):
    """Muon (Keller Jordan et al. 2024, https://kellerjordan.github.io/posts/muon/), with AdamW built in.

    Parameters with two or more dimensions take Muon's step with `lr`. A convolution's filters
    (out, in, height, width) count as the matrix (out, in * height * width). The orthogonal update is scaled
    by sqrt(max(1, rows / columns)), as Jordan does and torch.optim.Muon's "original": a tall matrix then
    changes the root mean square of its outputs as much as a square one does.

    All other parameters (norms, biases) take AdamW's step with `adamw_lr`. A scheduler scales both rates
    alike. Weight decay is decoupled in both, and a parameter group may set its own.
    """

    def __init__(
        self,
        params: Iterable[Tensor] | Iterable[dict[str, Any]],
        *,
        lr: float,
        momentum: float,
        nesterov: bool,
        weight_decay: float,
        ns_coefficients: Sequence[float],
        ns_steps: int,
        adamw_lr: float,
        adamw_betas: Sequence[float],
        adamw_eps: float,
    ) -> None:
        for name, value in {"lr": lr, "weight_decay": weight_decay, "adamw_lr": adamw_lr}.items():
            if not value >= 0:
                raise InputError(f"optimizer.{name}={value} does not work: give a number from 0 up")
        defaults = {
            "lr": lr,
            "momentum": momentum,
            "nesterov": nesterov,
            "weight_decay": weight_decay,
            "ns_coefficients": list(ns_coefficients),  # plain types: checkpoints load with weights_only=True
            "ns_steps": ns_steps,
            "adamw_lr": adamw_lr,
            "adamw_betas": list(adamw_betas),
            "adamw_eps": adamw_eps,
        }
        super().__init__(params, defaults)

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add a group as up to two: its matrices, and the rest with AdamW's learning rate."""
        params = list(param_group["params"])
        matrices = [p for p in params if p.ndim >= 2]
        others = [p for p in params if p.ndim < 2]
        if matrices:
            super().add_param_group({**param_group, "params": matrices, "method": "muon"})
        if others:
            lr = self.defaults["adamw_lr"]
            super().add_param_group({**param_group, "params": others, "method": "adamw", "lr": lr})

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        for group in self.param_groups:
            params = [p for p in group["params"] if p.grad is not None]
            if not params:
                continue
            if group["method"] == "muon":
                self._muon_step(params, group)
            else:
                self._adamw_step(params, group)
        return loss

    def _muon_step(self, params: list[Tensor], group: dict[str, Any]) -> None:
        for p in params:
            if not self.state[p]:
                self.state[p]["momentum_buffer"] = torch.zeros_like(p)
        grads = [p.grad for p in params]
        buffers = [self.state[p]["momentum_buffer"] for p in params]
        torch._foreach_lerp_(buffers, grads, 1 - group["momentum"])
        updates = torch._foreach_lerp(grads, buffers, group["momentum"]) if group["nesterov"] else buffers
        torch._foreach_mul_(params, 1 - group["lr"] * group["weight_decay"])

        # Matrices of one shape share their matrix products: fewer and larger kernels.
        same_shape = defaultdict(list)
        for p, update in zip(params, updates, strict=True):
            same_shape[p.size(0), p[0].numel()].append((p, update))
        for (rows, columns), pairs in same_shape.items():
            stacked = torch.stack([update.flatten(1) for _, update in pairs])  # (N, rows, columns)
            directions = orthogonalise(stacked, coefficients=group["ns_coefficients"], steps=group["ns_steps"])
            scale = max(1, rows / columns) ** 0.5
            for (p, _), direction in zip(pairs, directions, strict=True):
                p.add_(direction.reshape(p.shape), alpha=-group["lr"] * scale)

    def _adamw_step(self, params: list[Tensor], group: dict[str, Any]) -> None:
        for p in params:
            if not self.state[p]:
                self.state[p].update(step=0, exp_avg=torch.zeros_like(p), exp_avg_sq=torch.zeros_like(p))
            self.state[p]["step"] += 1
        lr = group["lr"]
        beta1, beta2 = group["adamw_betas"]
        grads = [p.grad for p in params]
        steps = [self.state[p]["step"] for p in params]
        means = [self.state[p]["exp_avg"] for p in params]
        squares = [self.state[p]["exp_avg_sq"] for p in params]

        torch._foreach_mul_(params, 1 - lr * group["weight_decay"])
        torch._foreach_lerp_(means, grads, 1 - beta1)
        torch._foreach_mul_(squares, beta2)
        torch._foreach_addcmul_(squares, grads, grads, 1 - beta2)
        roots = torch._foreach_sqrt(squares)
        torch._foreach_div_(roots, [(1 - beta2**t) ** 0.5 for t in steps])
        torch._foreach_add_(roots, group["adamw_eps"])
        torch._foreach_addcdiv_(params, means, roots, [-lr / (1 - beta1**t) for t in steps])
