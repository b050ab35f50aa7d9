"""The loss that a perceptron's updates descend: how far the strongest wrong class is ahead of the true one."""

import torch
from torch import Tensor


def perceptron_loss(scores: Tensor, labels: Tensor) -> Tensor:
    """Of scores (N, K) and labels (N,), the mean of max(0, largest score of the others - score of the label)."""
    return (rivals(scores, labels).amax(1) - scores.gather(1, labels[:, None]).squeeze(1)).clamp(min=0).mean()


def rivals(scores: Tensor, labels: Tensor) -> Tensor:
    """The scores (N, K) with -inf in place of the label's own."""
    return scores.scatter(1, labels[:, None], -torch.inf)
