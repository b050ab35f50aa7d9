"""Statistics against their formulas."""

import math

import numpy as np
import pytest
from scipy import stats

from dlexp.studies.statistics import mean_and_deviation, welch, wilson


def test_mean_and_deviation():
    values = [0.9, 0.92, 0.97]
    mean = sum(values) / 3
    deviation = math.sqrt(sum((value - mean) ** 2 for value in values) / 2)
    assert mean_and_deviation(values) == pytest.approx((mean, deviation))
    mean, deviation = mean_and_deviation([0.5])
    assert mean == 0.5
    assert math.isnan(deviation)
    assert all(map(math.isnan, mean_and_deviation([])))


@pytest.mark.parametrize("seed", range(5))
def test_welch(seed):
    rng = np.random.default_rng(seed)
    a, b = rng.normal(0, 1, 3 + seed), rng.normal(1, 2, 5)
    va, vb = a.var(ddof=1) / len(a), b.var(ddof=1) / len(b)
    t = (a.mean() - b.mean()) / math.sqrt(va + vb)
    freedom = (va + vb) ** 2 / (va**2 / (len(a) - 1) + vb**2 / (len(b) - 1))
    assert welch(list(a), list(b)) == pytest.approx(2 * stats.t.sf(abs(t), freedom))


@pytest.mark.parametrize(("a", "b"), [([1.0], [2.0, 3.0]), ([], [1.0, 2.0]), ([1.0, 1.0], [2.0, 2.0])])
def test_welch_is_not_defined(a, b):
    assert math.isnan(welch(a, b))


@pytest.mark.parametrize(("right", "size"), [(0, 10), (355, 360), (9_601, 10_000), (10, 10)])
def test_wilson(right, size):
    z, share = stats.norm.ppf(0.975), right / size
    middle = (share + z**2 / (2 * size)) / (1 + z**2 / size)
    half = z / (1 + z**2 / size) * math.sqrt(share * (1 - share) / size + z**2 / (4 * size**2))
    assert wilson(share, size) == pytest.approx((middle - half, middle + half), abs=1e-9)
