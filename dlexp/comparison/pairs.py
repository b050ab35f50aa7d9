"""Each alternative against each other one: better, worse, or not distinguishable at so many seeds."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from dlexp.comparison.alternatives import Alternative
from dlexp.comparison.statistics import PairedTests, holm, paired_tests
from dlexp.reporting.quantities import p_value

SIGNIFICANT = 0.05
BETTER, WORSE, OPEN, UNTESTED = "better", "worse", "not distinguishable", "not tested"


@dataclass(frozen=True)
class Pair:
    """One alternative against another, by the seeds that both ran."""

    outcome: str  # BETTER, WORSE, OPEN; UNTESTED with fewer than two common seeds
    difference: float  # the mean of one minus the other
    p_value: float  # after Holm's correction
    seeds: int

    @property
    def evidence(self) -> str:
        """p=0.034, n=3"""
        if self.outcome == UNTESTED:
            return f"n={self.seeds}"
        p = p_value(self.p_value)
        return f"p{p}, n={self.seeds}" if p.startswith("<") else f"p={p}, n={self.seeds}"

    @property
    def words(self) -> str:
        """The outcome, which is only worth as much as its seeds where nothing was found."""
        if self.outcome == UNTESTED:
            return "one seed cannot decide" if self.seeds else "no seed in common"
        return f"{self.outcome} at n={self.seeds}" if self.outcome == OPEN else self.outcome


@dataclass(frozen=True)
class Pairs:
    """All pairs of some alternatives by one metric: paired t-tests, corrected together by Holm's method."""

    alternatives: Sequence[Alternative]
    metric: str
    sign: int  # 1 where larger is better, else -1

    @cached_property
    def tests(self) -> PairedTests:
        """Uncorrected."""
        by_seed = [alternative.by_seed(self.metric) for alternative in self.alternatives]
        seeds = sorted({seed for values in by_seed for seed in values})
        values = [[one.get(seed, np.nan) for seed in seeds] for one in by_seed]
        return paired_tests(np.array(values, dtype=float).reshape(len(by_seed), len(seeds)))

    @cached_property
    def corrected(self) -> np.ndarray:
        """The p-values (A, A) after the correction over all pairs that could be tested; the others are NaN."""
        p_values = np.full(self.tests.p_values.shape, np.nan)
        upper = np.nonzero(np.triu(np.isfinite(self.tests.p_values), 1))
        p_values[upper] = p_values.T[upper] = holm(self.tests.p_values[upper])
        return p_values

    @cached_property
    def tested(self) -> int:
        """How many pairs have at least two seeds in common."""
        return int(np.isfinite(self.tests.p_values).sum()) // 2

    def pair(self, first: int, second: int) -> Pair:
        """The alternative at position `first` against that at `second`."""
        p_value, difference = float(self.corrected[first, second]), float(self.tests.differences[first, second])
        if np.isnan(p_value):
            outcome = UNTESTED
        elif p_value >= SIGNIFICANT:
            outcome = OPEN
        else:
            outcome = BETTER if self.sign * difference > 0 else WORSE
        return Pair(outcome, difference, p_value, int(self.tests.seeds[first, second]))
