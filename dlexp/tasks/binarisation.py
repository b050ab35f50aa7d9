"""White or black: what is made of pixels (B, C, H, W) in 0..1 before a likelihood of binary images sees them."""

import torch
from torch import Tensor


def as_they_are(x: Tensor, generator: torch.Generator | None) -> Tensor:
    return x


def threshold(x: Tensor, generator: torch.Generator | None) -> Tensor:
    """1 from one half on."""
    return (x >= 0.5).to(x.dtype)


def draw(x: Tensor, generator: torch.Generator | None) -> Tensor:
    """1 with the probability that `x` has, by `generator` on the CPU, or torch's own on the device where it is None.

    Salakhutdinov and Murray 2008, On the Quantitative Analysis of Deep Belief Networks.
    """
    chance = torch.rand_like(x) if generator is None else torch.rand(x.shape, generator=generator).to(x.device)
    return (chance < x).to(x.dtype)


BINARISATIONS = {"none": as_they_are, "threshold": threshold, "dynamic": draw}
