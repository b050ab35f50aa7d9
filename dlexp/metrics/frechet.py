"""Distances between two sets of features: Fréchet's, as in FID, and the kernel's, as in KID."""

import warnings

import torch
from torch import Tensor, nn
from torchmetrics.image.fid import FrechetInceptionDistance
from torchmetrics.image.kid import KernelInceptionDistance

from dlexp.errors import InputError

SUBSETS, SUBSET = 100, 500  # of the kernel distance: how many, and how large where there are so many samples


def frechet_distance(real: Tensor, fake: Tensor) -> Tensor:
    """() of features (N, D) and (M, D) on the CPU, each taken for a normal distribution (Heusel et al. 2017).

    arXiv 1706.08500, where the features are Inception's. The fewer samples, the larger it is: compare only numbers
    that are of equally many.
    """
    check_samples(real, fake)
    distance = FrechetInceptionDistance(feature=Given(real.shape[1]))
    distance.update(real, real=True)
    distance.update(fake, real=False)
    return distance.compute()


def kernel_distance(real: Tensor, fake: Tensor) -> Tensor:
    """() of features (N, D) and (M, D) on the CPU: the squared maximum mean discrepancy (Bińkowski et al. 2018).

    arXiv 1801.01401. Features are measured in the root mean square of the real ones, since the kernel, (x y / D + 1)^3,
    weighs its powers as for features of about 1. Without bias, whatever the number of samples: it may fall below 0.
    The same subsets each time.
    """
    check_samples(real, fake)
    unit = real.square().mean().sqrt()
    real, fake = real / unit, fake / unit
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the memory that the features take
        distance = KernelInceptionDistance(
            feature=Given(real.shape[1]), subsets=SUBSETS, subset_size=min(SUBSET, len(real), len(fake))
        )
    distance.update(real, real=True)
    distance.update(fake, real=False)
    with torch.random.fork_rng(devices=[]):  # it draws its subsets from the generator that training uses
        torch.set_rng_state(torch.Generator().manual_seed(0).get_state())
        mean, _ = distance.compute()
    return mean


class Given(nn.Module):
    """In the place of the network that torchmetrics asks for: what comes in are features already."""

    def __init__(self, num_features: int) -> None:
        super().__init__()
        self.num_features = num_features

    def forward(self, features: Tensor) -> Tensor:
        return features


def check_samples(real: Tensor, fake: Tensor) -> None:
    if min(len(real), len(fake)) < 2:
        raise InputError(
            f"{len(fake)} samples cannot be held against {len(real)} images: the distance is of two or more of each"
        )
