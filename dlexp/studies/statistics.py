"""What a few seeds, or one test split, allow one to say."""

from collections.abc import Sequence

import numpy as np


def mean_and_deviation(values: Sequence[float]) -> tuple[float, float]:
    """The mean and the sample's standard deviation, which is NaN for a single value; both for none."""
    if not len(values):
        return float("nan"), float("nan")
    return float(np.mean(values)), float(np.std(values, ddof=1)) if len(values) > 1 else float("nan")


def welch(first: Sequence[float], second: Sequence[float]) -> float:
    """The p-value of Welch's t-test: how often equal means would differ by as much (two-sided).

    NaN where it is not defined: with a single value on a side, or with no spread on either.
    """
    if min(len(first), len(second)) < 2 or np.ptp(first) == np.ptp(second) == 0:
        return float("nan")
    from scipy import stats

    one, other = ((*mean_and_deviation(values), len(values)) for values in (first, second))
    return float(stats.ttest_ind_from_stats(*one, *other, equal_var=False).pvalue)


def wilson(share: float, size: int) -> tuple[float, float]:
    """The 95 % interval of a share measured on `size` samples (Wilson, 1927)."""
    from scipy import stats

    interval = stats.binomtest(round(share * size), size).proportion_ci(0.95, method="wilson")
    return float(interval.low), float(interval.high)
