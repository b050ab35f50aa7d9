"""The Pareto front: what no other alternative beats at its price."""

from collections.abc import Sequence

import numpy as np


def pareto_front(costs: Sequence[float], gains: Sequence[float]) -> np.ndarray:
    """Which points (N,) are on it: no other costs at most as much and gains at least as much, one of them strictly.

    A point with an unknown (NaN) cost or gain is never on it.
    """
    costs, gains = np.asarray(costs, dtype=float), np.asarray(gains, dtype=float)
    front = np.zeros(len(costs), dtype=bool)
    known = np.flatnonzero(np.isfinite(costs) & np.isfinite(gains))
    cheapest_first = known[np.lexsort((-gains[known], costs[known]))]
    best, price = -np.inf, np.nan
    for i in cheapest_first:
        if gains[i] > best:
            front[i], best, price = True, gains[i], costs[i]
        elif gains[i] == best and costs[i] == price:  # a twin of the last one
            front[i] = True
    return front
