"""What a few seeds, or one test split, allow one to say."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

CONFIDENCE = 0.95
ROUNDING = 1e-6  # of the values: metrics are sums in float32, whose last digits mean nothing


def mean_and_deviation(values: Sequence[float]) -> tuple[float, float]:
    """The mean and the sample's standard deviation, which is NaN for a single value; both for none."""
    if not len(values):
        return float("nan"), float("nan")
    return float(np.mean(values)), float(np.std(values, ddof=1)) if len(values) > 1 else float("nan")


def interval_of_mean(values: Sequence[float]) -> tuple[float, float]:
    """The 95 % interval of the mean over seeds (Student's t); NaN below two values."""
    from scipy import stats

    mean, deviation = mean_and_deviation(values)
    half = stats.t.ppf((1 + CONFIDENCE) / 2, max(len(values) - 1, 1)) * deviation / max(len(values), 1) ** 0.5
    return float(mean - half), float(mean + half)


def wilson(share: float, size: int) -> tuple[float, float]:
    """The 95 % interval of a share measured on `size` samples (Wilson, 1927)."""
    from scipy import stats

    interval = stats.binomtest(round(share * size), size).proportion_ci(CONFIDENCE, method="wilson")
    return float(interval.low), float(interval.high)


@dataclass(frozen=True)
class PairedTests:
    """Each alternative (row) against each other one (column), over the seeds that both ran; all (A, A)."""

    seeds: np.ndarray  # how many
    differences: np.ndarray  # the mean of row minus column; NaN without a common seed
    p_values: np.ndarray  # of the paired t-test (two-sided); NaN with fewer than two


def paired_tests(values: np.ndarray) -> PairedTests:
    """Test all pairs of rows of `values` (A, S), which has a column for each seed and NaN where a run is missing."""
    present = np.isfinite(values)
    seeds = present.astype(int) @ present.T.astype(int)  # (A, A)
    differences, p_values = np.full(seeds.shape, np.nan), np.full(seeds.shape, np.nan)
    first, second = np.nonzero(np.triu(seeds, 1))
    common = present[first] & present[second]  # (pairs, S)
    for pattern in np.unique(common, axis=0):  # one in a complete study: then scipy is called once
        here = (common == pattern).all(axis=1)
        i, j = first[here], second[here]
        one, other = values[i][:, pattern], values[j][:, pattern]  # (pairs, n)
        differences[i, j] = (one - other).mean(axis=1)
        differences[j, i] = -differences[i, j]
        if pattern.sum() >= 2:
            p_values[i, j] = p_values[j, i] = _paired(one, other)
    return PairedTests(seeds, differences, p_values)


def _paired(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """p-values of the paired t-test along the rows of two arrays (pairs, n).

    Differences without any spread leave the t-test nothing to divide by, and p = 0 would be a claim from that
    nothing (or from rounding). If all of them are zero, nothing differs: p = 1. If they are one and the same
    other number, only their signs are evidence, and the exact sign test gives p = 2 / 2^n.
    """
    from scipy import stats

    differences = one - other
    rounding = ROUNDING * np.maximum(np.abs(one), np.abs(other)).max(axis=1)
    constant = np.ptp(differences, axis=1) <= rounding
    zero = np.abs(differences).max(axis=1) <= rounding
    n = differences.shape[1]
    p_values = np.where(zero, 1.0, stats.binomtest(n, n).pvalue)
    if not constant.all():
        p_values[~constant] = stats.ttest_rel(one[~constant], other[~constant], axis=1).pvalue
    return p_values


def holm(p_values: np.ndarray) -> np.ndarray:
    """p-values corrected for testing all of them (Holm, 1979): below 0.05, the chance of any false claim is as well.

    The smallest is multiplied by their number, the next by one less, and so on, and none falls below its forerunner.
    """
    order = np.argsort(p_values, kind="stable")
    steps = p_values[order] * np.arange(len(p_values), 0, -1)
    corrected = np.empty(len(p_values))
    corrected[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return corrected
