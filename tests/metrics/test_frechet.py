"""FID and KID against the formulas of their papers, in numpy and scipy."""

import numpy as np
import pytest
import torch
from scipy.linalg import sqrtm

from dlexp.errors import InputError
from dlexp.metrics.frechet import frechet_distance, kernel_distance


def features(n: int, shift: float, seed: int, size: int = 6) -> torch.Tensor:
    random = np.random.default_rng(seed)
    mixed = random.normal(size=(n, size)) @ random.normal(size=(size, size))
    return torch.tensor(mixed + shift, dtype=torch.float32)


def test_the_distance_of_two_normal_distributions():
    real, fake = features(80, 0.0, 0), features(60, 0.5, 1)
    a, b = real.double().numpy(), fake.double().numpy()
    root = sqrtm(np.cov(a.T) @ np.cov(b.T)).real
    expected = ((a.mean(0) - b.mean(0)) ** 2).sum() + np.trace(np.cov(a.T) + np.cov(b.T) - 2 * root)
    assert frechet_distance(real, fake).item() == pytest.approx(expected, rel=1e-5)
    assert frechet_distance(real, real).item() == pytest.approx(0.0, abs=1e-4)


def test_a_shift_alone_is_its_squared_length():
    real = features(50, 0.0, 0)
    assert frechet_distance(real, real + 2.0).item() == pytest.approx(6 * 4.0, rel=1e-4)


def test_few_samples_of_the_same_distribution_are_further_away():
    everything = torch.randn(2000, 8, generator=torch.Generator().manual_seed(0))
    few, many = (frechet_distance(everything[:n], everything[1000 : 1000 + n]).item() for n in (20, 1000))
    assert 0 < many < 0.2 < few


def test_the_kernel_distance_of_all_pairs():
    """As many samples as a subset: each subset is all of them, in another order."""
    real, fake = features(40, 0.0, 0), features(40, 0.5, 1)
    a, b = real.double().numpy(), fake.double().numpy()
    a, b = a / np.sqrt((a**2).mean()), b / np.sqrt((a**2).mean())
    kernel = lambda x, y: (x @ y.T / x.shape[1] + 1) ** 3  # noqa: E731
    off = lambda k: (k.sum() - np.trace(k)) / (len(k) * (len(k) - 1))  # noqa: E731
    expected = off(kernel(a, a)) + off(kernel(b, b)) - 2 * kernel(a, b).mean()
    assert kernel_distance(real, fake).item() == pytest.approx(expected, rel=1e-4)
    assert kernel_distance(50 * real, 50 * fake).item() == pytest.approx(expected, rel=1e-4)  # whatever their size


def test_it_draws_its_subsets_apart_from_training():
    real, fake = features(40, 0.0, 0), features(90, 0.5, 1)
    state = torch.get_rng_state()
    first = kernel_distance(real, fake)
    assert torch.equal(torch.get_rng_state(), state)
    torch.rand(7)
    assert torch.equal(kernel_distance(real, fake), first)


@pytest.mark.parametrize("distance", [frechet_distance, kernel_distance])
def test_a_single_sample_has_no_spread(distance):
    with pytest.raises(InputError, match="1 samples cannot be held against 5 images"):
        distance(features(5, 0.0, 0), features(1, 0.0, 1))
