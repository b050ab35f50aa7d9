"""The terms of the bound against torch.distributions, and the bound of several samples against an exact likelihood."""

import math

import numpy as np
import pytest
import torch
from scipy.stats import multivariate_normal
from torch import Tensor
from torch.distributions import Bernoulli, Independent, Normal, kl_divergence

from dlexp.losses.variational import (
    bernoulli_log_likelihood,
    gaussian_log_likelihood,
    importance_weighted_bound,
    kl_of_units,
    log_weights,
)


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


def images(*sizes: int) -> Tensor:
    return torch.rand(*sizes, 2, 3, 4, dtype=torch.float64)


def test_kl():
    mean, log_variance = torch.randn(2, 5, 7, dtype=torch.float64).unbind()
    expected = kl_divergence(Normal(mean, (0.5 * log_variance).exp()), Normal(0.0, 1.0))
    torch.testing.assert_close(kl_of_units(mean, log_variance), expected)
    assert kl_of_units(torch.zeros(3), torch.zeros(3)).tolist() == [0, 0, 0]


def test_kl_is_what_samples_find():
    mean, log_variance = torch.tensor([[0.5, -1.0]]), torch.tensor([[-1.0, 0.3]])
    noise = torch.randn(200_000, 1, 2)
    found = -log_weights(noise, mean + (0.5 * log_variance).exp() * noise, log_variance).mean()
    assert found.item() == pytest.approx(kl_of_units(mean, log_variance).sum().item(), rel=0.01)


@pytest.mark.parametrize("samples", [(), (3,)])
def test_bernoulli(samples):
    logits = 3 * torch.randn(*samples, 5, 2, 3, 4, dtype=torch.float64)
    x = images(5).round()
    expected = Independent(Bernoulli(logits=logits), 3).log_prob(x.expand_as(logits))
    found = bernoulli_log_likelihood(logits, x)
    assert found.shape == (*samples, 5)
    torch.testing.assert_close(found, expected)


def test_bernoulli_of_a_grey_pixel_is_the_cross_entropy_and_stays_finite():
    x, logits = images(4), torch.randn(4, 2, 3, 4, dtype=torch.float64)
    entropy = torch.nn.functional.binary_cross_entropy_with_logits(logits, x, reduction="none")
    torch.testing.assert_close(bernoulli_log_likelihood(logits, x), -entropy.sum((1, 2, 3)))
    far = bernoulli_log_likelihood(torch.full((1, 1, 1, 2), 1e4), torch.tensor([[[[1.0, 0.0]]]]))
    assert far.item() == -1e4


@pytest.mark.parametrize("samples", [(), (3,)])
def test_gaussian(samples):
    mean, x, log_scale = images(*samples, 5), images(5), torch.tensor(-0.7, dtype=torch.float64)
    expected = Independent(Normal(mean, log_scale.exp()), 3).log_prob(x.expand_as(mean))
    torch.testing.assert_close(gaussian_log_likelihood(mean, x, log_scale), expected)


def test_log_weights_are_prior_over_posterior():
    mean, log_variance = torch.randn(2, 5, 7, dtype=torch.float64).unbind()
    noise = torch.randn(3, 5, 7, dtype=torch.float64)
    scale = (0.5 * log_variance).exp()
    z = mean + scale * noise
    expected = (Normal(0.0, 1.0).log_prob(z) - Normal(mean, scale).log_prob(z)).sum(-1)
    torch.testing.assert_close(log_weights(noise, z, log_variance), expected)


def test_bound_is_the_log_of_a_mean():
    weights = torch.rand(6, 4, dtype=torch.float64) + 0.1
    torch.testing.assert_close(importance_weighted_bound(weights.log()), weights.mean(0).log())
    torch.testing.assert_close(importance_weighted_bound(weights.log()[:1]), weights.log()[0])
    torch.testing.assert_close(importance_weighted_bound(weights.log() - 2000), weights.mean(0).log() - 2000)


def linear_gaussian(samples: int, *, exact: bool) -> tuple[float, float]:
    """The bound on the mean log likelihood of x = W z + 0.5 noise, and that likelihood."""
    generator = torch.Generator().manual_seed(1)
    w = torch.randn(6, 2, generator=generator, dtype=torch.float64)
    x = torch.randn(200, 6, generator=generator, dtype=torch.float64)
    covariance = w @ w.T + 0.25 * torch.eye(6, dtype=torch.float64)
    truth = multivariate_normal(np.zeros(6), covariance.numpy()).logpdf(x.numpy()).mean()

    precision = torch.eye(2, dtype=torch.float64) + w.T @ w / 0.25
    mean = x @ w @ precision.inverse() / 0.25  # (B, 2): of the exact posterior
    root = torch.linalg.cholesky(precision.inverse())
    noise = torch.randn(samples, 200, 2, generator=generator, dtype=torch.float64)
    z = mean + noise @ root.T if exact else mean + 0.6 * noise  # a posterior that is too wide
    given = gaussian_log_likelihood(
        (z @ w.T)[..., None, None], x[..., None, None], torch.tensor(0.5, dtype=w.dtype).log()
    )
    prior = -0.5 * z.square().sum(-1) - math.log(2 * math.pi)
    scale = root.logdet() if exact else 2 * math.log(0.6)
    of_code = -0.5 * noise.square().sum(-1) - math.log(2 * math.pi) - scale
    return importance_weighted_bound(given + prior - of_code).mean().item(), truth


def test_bound_is_the_likelihood_where_the_posterior_is_exact():
    for samples in (1, 10):
        bound, truth = linear_gaussian(samples, exact=True)
        assert bound == pytest.approx(truth, abs=1e-9)


def test_bound_rises_to_the_likelihood_with_the_samples():
    bounds, (truth, *_) = zip(*[linear_gaussian(samples, exact=False) for samples in (1, 10, 100, 3000)], strict=True)
    assert list(bounds) == sorted(bounds)
    assert bounds[0] < truth - 1
    assert bounds[-1] == pytest.approx(truth, abs=0.02)
