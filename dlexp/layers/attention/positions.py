"""Sines and cosines that tell a place in a sequence, however long it is."""

import torch
from torch import Tensor


def sinusoids(length: int, size: int, like: Tensor, first: int = 0) -> Tensor:
    """(length, size), of places first, first + 1, …: the even numbers sines, the odd ones cosines, of wavelengths from
    2 pi to 20,000 pi (Vaswani et al. 2017, arXiv 1706.03762). `like` gives device and type.
    """
    place = torch.arange(first, first + length, device=like.device, dtype=torch.float32)  # (L,)
    pair = torch.arange(0, size, 2, device=like.device, dtype=torch.float32)
    angle = place[:, None] * 10_000 ** (-pair / size)  # (L, ceil(size / 2))
    return torch.stack([angle.sin(), angle.cos()], dim=2).flatten(1)[:, :size].to(like.dtype)
