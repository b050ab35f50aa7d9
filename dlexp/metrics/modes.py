"""Mode coverage: whether samples fall into the classes of the data, and as often."""

import torch
from torch import Tensor

LEAST = 0.1  # of a class's share among the data: with less, samples are said to miss it


def covered(real: Tensor, fake: Tensor) -> Tensor:
    """(): how many of the classes that data have are found among samples; from counts (K,) of both."""
    shares = real / real.sum()
    return ((fake / fake.sum() >= LEAST * shares) & (real > 0)).sum()


def mode_divergence(real: Tensor, fake: Tensor) -> Tensor:
    """(): KL of the classes of samples from those of data, in nats; from counts (K,) of both.

    Finite also where samples miss a class. One that data lack counts as half an image of theirs.
    """
    p = real.double().clamp(min=0.5)
    p, q = p / p.sum(), fake.double() / fake.sum()
    return torch.special.xlogy(q, q / p).sum()
