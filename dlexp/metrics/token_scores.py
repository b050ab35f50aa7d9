"""Precision, recall and F1 of tokens, each token counting as much as any other."""

import torch
from torch import Tensor


def count_pairs(said: Tensor, right: Tensor, tokens: int, ignored: int) -> Tensor:
    """(tokens, tokens): how often each right token (row) was answered by each token (column); `said` and `right` are of
    one shape, and places where `right` is `ignored` do not count.
    """
    counts = torch.bincount((right * tokens + said).flatten(), minlength=tokens * tokens).view(tokens, tokens)
    counts[ignored] = 0
    return counts


def macro_scores(pairs: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Precision, recall and F1, each the mean over those tokens that occur in the right answers; a token that is never
    said has a precision of 0.
    """
    pairs = pairs.double()
    hits, right, said = pairs.diagonal(), pairs.sum(1), pairs.sum(0)
    occurs = right > 0
    precision, recall = hits / said.clamp(min=1), hits / right.clamp(min=1)
    f1 = 2 * hits / (right + said).clamp(min=1)
    return tuple(score[occurs].mean() for score in (precision, recall, f1))
