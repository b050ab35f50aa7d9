"""Which words of a stretch of text are to be foretold from which."""

import torch
from torch import Tensor

FAR = 127  # further than any reach


def pairs(stretches: Tensor, reach: Tensor) -> Tensor:
    """bool (M, C, W + C + W): the words of its stretch (M, W + C + W) that are around each of its C words.

    Those up to `reach` (M, C) from it, at most 100, without itself and without what is not there (-1).
    """
    length = reach.shape[1]
    window = (stretches.shape[1] - length) // 2
    place = torch.arange(stretches.shape[1], device=reach.device)
    apart = (place - place[window : window + length, None]).abs().clamp(max=FAR)  # (C, W + C + W)
    apart = apart.masked_fill(apart == 0, FAR).to(torch.int8)
    return (apart <= reach[:, :, None]) & (stretches >= 0)[:, None]
