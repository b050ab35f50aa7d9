"""How strongly a code depends on its image: the Jacobian's norm, a unit at a time."""

from collections.abc import Callable

import torch
from torch import Tensor


def squared_norms(encode: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """||J||^2 of the code (B, L) by each image of x (B, C, H, W), (B,): a backward pass for each unit.

    As a measure it keeps no graph; what a network learns from is regularizers/contractive.py.
    """
    with torch.inference_mode(False), torch.enable_grad():
        x = x.clone().requires_grad_()
        total = torch.zeros(len(x), device=x.device)
        for unit in encode(x).sum(0):  # (): no image touches the code of another
            (row,) = torch.autograd.grad(unit, x, retain_graph=True)  # (B, C, H, W)
            total += row.float().square().flatten(1).sum(1)
    return total
