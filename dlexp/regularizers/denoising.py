"""Denoising: the encoder sees spoilt images and the loss asks for the clean ones (Vincent et al. 2008, 2010).

Each element of the images (B, C, H, W), a colour of a pixel, is spoilt on its own, with draws from torch's generator
of their device, so that a resumed training goes on with the same noise.
"""

from typing import final

import torch
from torch import Tensor

from dlexp.regularizers.bounds import at_least_zero, share
from dlexp.regularizers.regularizer import Regularizer


@final
class GaussianNoise(Regularizer):
    """Adds noise of mean 0; the sum may leave 0..1, as clipping would give the noise another mean there."""

    def __init__(self, *, std: float) -> None:
        self.std = at_least_zero("regularizer.gaussian_noise.std", std)

    def corrupt(self, x: Tensor) -> Tensor:
        return x + self.std * torch.randn_like(x)


@final
class MaskingNoise(Regularizer):
    """Blackens each element with probability `share`. The others stay as they are: it is no dropout, which scales."""

    def __init__(self, *, share: float) -> None:
        self.share = _share("masking_noise", share)

    def corrupt(self, x: Tensor) -> Tensor:
        return x.masked_fill(torch.rand_like(x) < self.share, 0.0)


@final
class SaltAndPepper(Regularizer):
    """Sets each element with probability `share` to 0 or, as often, to 1."""

    def __init__(self, *, share: float) -> None:
        self.share = _share("salt_and_pepper", share)

    def corrupt(self, x: Tensor) -> Tensor:
        drawn = torch.rand_like(x)  # one draw says whether and how
        return x.masked_fill(drawn < self.share, 0.0).masked_fill(drawn < self.share / 2, 1.0)


def _share(name: str, value: float) -> float:
    return share(f"regularizer.{name}.share", value)
