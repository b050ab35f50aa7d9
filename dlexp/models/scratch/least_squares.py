"""The weights of least squared error in closed form: where gradient descent on a line or a plane ends."""

import torch
from torch import Tensor


def least_squares(x: Tensor, targets: Tensor) -> Tensor:
    """The weights and the bias (D + 1,) of least squared error on x (N, D) and targets (N,), in float64 on the CPU.

    They solve the normal equations A'A p = A'y, A being x with a column of ones. lstsq does so without squaring
    the condition of A; of several solutions (fewer rows than features), it gives the shortest.
    """
    x, targets = x.flatten(1).double().cpu(), targets.double().cpu()
    a = torch.cat([x, torch.ones(len(x), 1, dtype=x.dtype)], 1)  # (N, D + 1)
    return torch.linalg.lstsq(a, targets[:, None], driver="gelsd").solution.squeeze(1)
