"""Weights that sum to 1 over the places that may be looked at."""

import torch
from torch import Tensor


def masked_softmax(scores: Tensor, allowed: Tensor | None) -> Tensor:
    """Over the last axis of scores (…, Q, K); `allowed` is bool, of a shape that broadcasts to it.

    A query that may look nowhere gets weights of 0, not NaN.
    """
    if allowed is None:
        return scores.softmax(-1)
    lowest = torch.finfo(scores.dtype).min
    return scores.masked_fill(~allowed, lowest).softmax(-1).masked_fill(~allowed, 0)
