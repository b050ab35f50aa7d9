"""The Pareto front against its definition."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from dlexp.comparison.pareto import pareto_front

POINTS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=12)


@given(POINTS)
def test_nothing_on_it_is_dominated_and_nothing_else_is_not(points):
    costs, gains = np.array(points, dtype=float).reshape(-1, 2).T
    expected = [not any(c <= cost and g >= gain and (c < cost or g > gain) for c, g in points) for cost, gain in points]
    assert pareto_front(costs, gains).tolist() == expected


def test_what_is_unknown_is_not_on_it():
    nan = np.nan
    assert pareto_front([1, nan, 2, 3], [0.5, 0.9, nan, 0.7]).tolist() == [True, False, False, True]
    assert pareto_front([], []).tolist() == []
