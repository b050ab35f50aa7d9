"""The terms of the evidence lower bound, in nats, and the tighter bound of several samples of the code."""

import math

from torch import Tensor
from torch.nn.functional import softplus


def kl_of_units(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL divergence of each unit's Gaussian (…, L) from N(0, 1): (…, L) (Kingma and Welling 2014, appendix B)."""
    return 0.5 * (mean.square() + log_variance.exp() - 1 - log_variance)


def bernoulli_log_likelihood(logits: Tensor, x: Tensor) -> Tensor:
    """log p(x) of images (B, C, H, W), pixels in 0..1, for logits (…, B, C, H, W): (…, B)."""
    return (x * logits - softplus(logits)).flatten(-3).sum(-1)


def gaussian_log_likelihood(mean: Tensor, x: Tensor, log_scale: Tensor) -> Tensor:
    """log density of images (B, C, H, W) for means (…, B, C, H, W) and one scale () of all pixels: (…, B)."""
    errors = (x - mean).square().flatten(-3)  # (…, B, D)
    constant = errors.shape[-1] * (log_scale + 0.5 * math.log(2 * math.pi))
    return -0.5 * errors.sum(-1) * (-2 * log_scale).exp() - constant


def log_weights(noise: Tensor, z: Tensor, log_variance: Tensor) -> Tensor:
    """log p(z) - log q(z | x) (…, B) of codes z = mean + std * noise (…, B, L), for N(0, I) as the prior."""
    return 0.5 * (noise.square() + log_variance - z.square()).sum(-1)


def importance_weighted_bound(log_weights: Tensor) -> Tensor:
    """The bound (B,) on log p(x) by K samples, from their log p(x, z) - log q(z | x) (K, B).

    Burda, Grosse and Salakhutdinov 2016 (arXiv 1509.00519): tighter, the more samples; with one it is the ELBO.
    """
    return log_weights.logsumexp(0) - math.log(len(log_weights))
