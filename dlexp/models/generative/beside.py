"""What a conditional model is told: the class, beside what it sees."""

import torch
from torch import Tensor
from torch.nn.functional import one_hot


def beside(x: Tensor, labels: Tensor, num_classes: int) -> Tensor:
    """`x` with the labels (B,), one-hot: as features of (B, D), as planes of 0 and 1 beside an image's channels."""
    if num_classes == 0:
        return x
    classes = one_hot(labels, num_classes).to(x.dtype)  # (B, K)
    classes = classes.view(*classes.shape, *[1] * (x.ndim - 2)).expand(-1, -1, *x.shape[2:])  # (B, K) or (B, K, H, W)
    return torch.cat([x, classes], dim=1)
