"""Statistics against their formulas and against scipy, one pair at a time."""

import math
from itertools import chain, combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from dlexp.comparison.statistics import holm, interval_of_mean, mean_and_deviation, paired_tests, wilson


def test_mean_and_deviation():
    values = [0.9, 0.92, 0.97]
    mean = sum(values) / 3
    deviation = math.sqrt(sum((value - mean) ** 2 for value in values) / 2)
    assert mean_and_deviation(values) == pytest.approx((mean, deviation))
    mean, deviation = mean_and_deviation([0.5])
    assert mean == 0.5
    assert math.isnan(deviation)
    assert all(map(math.isnan, mean_and_deviation([])))


@pytest.mark.parametrize("seeds", [2, 3, 10])
def test_interval_of_mean(seeds):
    values = np.random.default_rng(seeds).normal(0.9, 0.01, seeds)
    expected = stats.t.interval(0.95, seeds - 1, loc=values.mean(), scale=stats.sem(values))
    assert interval_of_mean(list(values)) == pytest.approx(expected)


def test_interval_of_mean_of_three_by_hand():
    """4.302653 is in every table of Student's t: two degrees of freedom, 97.5 %."""
    low, high = interval_of_mean([1.0, 2.0, 3.0])
    assert (low, high) == pytest.approx((2 - 4.302653 / math.sqrt(3), 2 + 4.302653 / math.sqrt(3)), abs=1e-6)


@pytest.mark.parametrize("values", [[], [0.9]])
def test_no_interval_of_one_seed(values):
    assert all(map(math.isnan, interval_of_mean(values)))


@pytest.mark.parametrize(("right", "size"), [(0, 10), (355, 360), (9_601, 10_000), (10, 10)])
def test_wilson(right, size):
    z, share = stats.norm.ppf(0.975), right / size
    middle = (share + z**2 / (2 * size)) / (1 + z**2 / size)
    half = z / (1 + z**2 / size) * math.sqrt(share * (1 - share) / size + z**2 / (4 * size**2))
    assert wilson(share, size) == pytest.approx((middle - half, middle + half), abs=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_paired_tests_are_those_of_scipy_over_common_seeds(seed):
    rng = np.random.default_rng(seed)
    values = rng.normal(0.9, 0.01, (6, 5))
    values[rng.uniform(size=values.shape) < 0.3] = np.nan  # runs that are missing
    found = paired_tests(values)
    for i, j in np.ndindex(6, 6):
        both = np.isfinite(values[i]) & np.isfinite(values[j])
        assert found.seeds[i, j] == both.sum()
        if i == j:
            continue
        if both.any():
            assert found.differences[i, j] == pytest.approx(np.mean(values[i, both] - values[j, both]))
        if both.sum() >= 2:
            assert found.p_values[i, j] == pytest.approx(stats.ttest_rel(values[i, both], values[j, both]).pvalue)
        else:
            assert math.isnan(found.p_values[i, j])


def test_what_pairs_share_cancels_out():
    """A seed that is hard for both is no noise: paired, a small steady gain is seen that Welch's test would miss."""
    hard = np.array([0.90, 0.95, 0.85, 0.92, 0.88])
    values = np.array([hard + np.array([0.010, 0.011, 0.009, 0.010, 0.012]), hard])
    assert paired_tests(values).p_values[0, 1] < 0.001
    assert stats.ttest_ind(*values, equal_var=False).pvalue > 0.5


@pytest.mark.parametrize("n", [2, 3, 6, 10])
@pytest.mark.parametrize("kind", [float, np.float32])
def test_a_constant_difference_is_judged_by_its_signs(n, kind):
    """scipy would give p = 0, or, by rounding, anything near it."""
    one = np.linspace(0.90, 0.97, n).astype(kind)
    other = (one - kind(0.01)).astype(kind)
    p = paired_tests(np.array([one, other], dtype=float)).p_values[0, 1]
    assert p == pytest.approx(2 / 2**n)


@pytest.mark.parametrize("value", [0.0, 0.9])
def test_identical_results_do_not_differ(value):
    values = np.array([[value, 0.8, 0.7], [value, 0.8, 0.7]])
    assert paired_tests(values).p_values[0, 1] == 1


def test_a_nearly_constant_difference_has_a_spread():
    values = np.array([[0.91, 0.92, 0.9301], [0.90, 0.91, 0.92]])
    assert paired_tests(values).p_values[0, 1] == pytest.approx(stats.ttest_rel(*values).pvalue)


@pytest.mark.filterwarnings("error")
def test_no_warning_of_lost_precision():
    paired_tests(np.array([[0.9, 0.9], [0.8, 0.8], [0.9, 0.9], [0.85, 0.83]]))
    paired_tests(np.empty((0, 0)))
    paired_tests(np.empty((3, 0)))


def test_holm_by_hand():
    """The example of many textbooks: four hypotheses, and only two fall."""
    p = np.array([0.01, 0.04, 0.03, 0.005])
    np.testing.assert_allclose(holm(p), [0.03, 0.06, 0.06, 0.02])
    assert len(holm(np.empty(0))) == 0


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_holm_is_the_closed_test_of_bonferroni(p):
    """Marcus, Peritz & Gabriel (1976): reject what Bonferroni rejects in every set of hypotheses that holds it."""
    subsets = list(chain.from_iterable(combinations(range(len(p)), size) for size in range(1, len(p) + 1)))
    expected = [max(min(1, len(s) * min(p[j] for j in s)) for s in subsets if i in s) for i in range(len(p))]
    np.testing.assert_allclose(holm(np.array(p)), expected)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40))
def test_holm_lies_between_none_and_bonferroni(p):
    corrected = holm(np.array(p))
    assert (corrected >= np.array(p)).all()
    assert (corrected <= np.minimum(1, np.array(p) * len(p)) + 1e-12).all()
    assert (np.diff(corrected[np.argsort(p)]) >= 0).all()
