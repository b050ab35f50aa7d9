"""Cross-entropy by hand: what it costs to have given the true class too small a share, and which way is cheaper."""

import torch
from torch import Tensor


def cross_entropy(scores: Tensor, labels: Tensor) -> Tensor:
    """Of scores (B, K) and labels (B,), the mean over samples of -log softmax(scores)[label], as a tensor ().

    log sum exp(s) = max s + log sum exp(s - max s): no exponential overflows, and the sum is never 0.
    """
    top = scores.amax(1, keepdim=True)  # (B, 1)
    log_sum = top + (scores - top).exp().sum(1, keepdim=True).log()  # (B, 1)
    return (log_sum - scores.gather(1, labels[:, None])).mean()


def cross_entropy_gradient(scores: Tensor, labels: Tensor) -> Tensor:
    """The derivative of `cross_entropy` by each score, (softmax - 1 at the label) / B: (B, K)."""
    shares = (scores - scores.amax(1, keepdim=True)).exp()  # (B, K)
    shares = shares / shares.sum(1, keepdim=True)
    rows = torch.arange(len(labels), device=labels.device)
    shares[rows, labels] -= 1
    return shares / len(labels)
