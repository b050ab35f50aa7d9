"""Who is better than whom, after the correction."""

import math

import numpy as np
import pytest
from scipy import stats

from dlexp.comparison.alternatives import Alternative
from dlexp.comparison.pairs import BETTER, OPEN, UNTESTED, WORSE, Pairs
from dlexp.reporting.run_folder import Result, Run


def alternative(name, values):
    """`values` by seed."""
    runs = [Run(name, Result(seed=seed, metrics={"val/x": value})) for seed, value in values.items()]
    return Alternative(name, tuple(runs))


def pairs(*values, sign=1):
    return Pairs(
        [alternative(str(i), dict(enumerate(v)) if isinstance(v, list) else v) for i, v in enumerate(values)],
        "val/x",
        sign,
    )


def test_outcomes_of_both_sides():
    found = pairs([0.970, 0.972, 0.971, 0.973], [0.901, 0.903, 0.904, 0.902], [0.96, 0.98, 0.95, 0.99])
    assert found.pair(0, 1).outcome == BETTER
    assert found.pair(1, 0).outcome == WORSE
    assert found.pair(0, 2).outcome == found.pair(2, 0).outcome == OPEN
    assert found.pair(0, 2).words == "not distinguishable at n=4"
    assert found.pair(0, 1).difference == -found.pair(1, 0).difference == pytest.approx(0.069)
    assert found.pair(0, 1).p_value == found.pair(1, 0).p_value


def test_a_smaller_loss_is_better():
    found = pairs([0.1, 0.11, 0.12], [0.5, 0.51, 0.5199], sign=-1)
    assert (found.pair(0, 1).outcome, found.pair(1, 0).outcome) == (BETTER, WORSE)


def test_all_pairs_are_corrected_together():
    rng = np.random.default_rng(0)
    values = [list(rng.normal(i, 1, 4)) for i in range(5)]
    found = pairs(*values)
    p = sorted(stats.ttest_rel(values[i], values[j]).pvalue for i in range(5) for j in range(i))
    steps = np.minimum(1, np.maximum.accumulate([value * (10 - k) for k, value in enumerate(p)]))
    corrected = sorted(found.pair(i, j).p_value for i in range(5) for j in range(i))
    np.testing.assert_allclose(corrected, steps)
    assert found.tested == 10


def test_what_is_significant_alone_need_not_be_among_many():
    one, other = [1.0, 2.0, 3.0], [0.8, 1.75, 2.83]
    assert stats.ttest_rel(one, other).pvalue < 0.05
    assert pairs(one, other).pair(0, 1).outcome == BETTER
    crowd = [[5.0, -5.0, 9.0], [7.0, 6.0, -8.0], [0.0, 9.0, 1.0]]
    assert pairs(one, other, *crowd).pair(0, 1).outcome == OPEN


@pytest.mark.parametrize(
    ("other", "seeds", "words"),
    [({0: 0.5}, 1, "one seed cannot decide"), ({2: 0.5, 3: 0.6}, 0, "no seed in common"), ({}, 0, "no seed in common")],
)
def test_pairs_that_cannot_be_tested(other, seeds, words):
    found = pairs({0: 0.9, 1: 0.91}, other, {0: 0.8, 1: 0.7})
    pair = found.pair(0, 1)
    assert (pair.outcome, pair.seeds, pair.words) == (UNTESTED, seeds, words)
    assert math.isnan(pair.p_value)
    assert pair.evidence == f"n={seeds}"
    assert found.tested == 1, "they are not counted among the corrected either"


def test_only_common_seeds_count():
    found = pairs({0: 0.9, 1: 0.92, 2: 0.1}, {1: 0.91, 0: 0.88, 7: 0.99})
    assert found.pair(0, 1).difference == pytest.approx(0.015)
    assert found.pair(0, 1).p_value == pytest.approx(stats.ttest_rel([0.9, 0.92], [0.88, 0.91]).pvalue)


def test_a_seed_whose_metric_is_not_finite_is_not_common():
    assert pairs([0.9, float("nan"), 0.8], [0.7, 0.7, float("inf")]).pair(0, 1).seeds == 1


def test_a_thousand_alternatives_of_one_seed_take_no_time():
    found = pairs(*([float(i)] for i in range(1000)))
    assert found.tested == 0
    assert found.pair(3, 5).outcome == UNTESTED
