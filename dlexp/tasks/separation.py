"""Is there a plane between two classes? A linear program finds it, or proves that there is none."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

POSITIVE = 1e-7  # a gap above it is one
DENOMINATOR = 10**6  # of the weights of a proof


@dataclass(frozen=True)
class Separation:
    """Either a plane or a proof.

    plane: w (D,) and b, so that w x + b > 0 for class 1 and < 0 for class 0.
    proof: (index of a point, its weight), exact. The weights of each class sum to 1, and the classes' weighted sums
    are the same point. It would lie on both sides of any plane between them (Gordan 1873, Farkas 1902).
    """

    plane: tuple[np.ndarray, float] | None
    proof: list[tuple[int, Fraction]] | None


def separate(points: np.ndarray, labels: np.ndarray) -> Separation:
    """Of points (N, D), whole numbers, and labels (N,), 0 or 1: the plane with the largest gap t,

        max t   so that   y_i (w x_i + b) >= t,   |w_j| <= 1,   |b| <= 1 + the largest sum of |x_i|,   y = -1 or 1

    There is t = 0 with w = 0. Where nothing better is found, the multipliers of the dual are the proof. They are
    rounded to fractions, with which it is verified exactly.
    """
    from scipy.optimize import linprog

    y = 2.0 * labels - 1  # (N,)
    rows = np.column_stack([-y[:, None] * points, -y, np.ones(len(y))])  # (N, D + 2) of (w, b, t)
    free = 1 + np.abs(points).sum(1).max()
    bounds = [(-1, 1)] * points.shape[1] + [(-free, free), (None, None)]
    found = linprog(-np.eye(len(bounds))[-1], A_ub=rows, b_ub=np.zeros(len(y)), bounds=bounds, method="highs")
    if found.status != 0:
        raise RuntimeError(f"the linear program has no answer: {found.message}")
    *w, b, gap = found.x
    if gap > POSITIVE:
        return Separation(plane=(np.array(w), float(b)), proof=None)
    multipliers = -2 * found.ineqlin.marginals  # (N,): each class's sum to 1
    proof = [(int(i), Fraction(multipliers[i]).limit_denominator(DENOMINATOR)) for i in np.flatnonzero(multipliers)]
    proof = [(i, weight) for i, weight in proof if weight > 0]
    if not proves(proof, points, labels):
        raise RuntimeError("the linear program's proof that there is no plane does not hold")
    return Separation(plane=None, proof=proof)


def proves(proof: Sequence[tuple[int, Fraction]], points: np.ndarray, labels: np.ndarray) -> bool:
    """Whether the weighted sums of both classes are the same, in exact arithmetic."""
    total = [Fraction(0), Fraction(0)]
    place = [[Fraction(0)] * points.shape[1] for _ in total]
    for i, weight in proof:
        side = int(labels[i])
        total[side] += weight
        place[side] = [sum_ + weight * int(x) for sum_, x in zip(place[side], points[i], strict=True)]
    return total == [1, 1] and place[0] == place[1] and all(weight > 0 for _, weight in proof)


def four_inputs(dimension: int, low: int, high: int) -> np.ndarray | None:
    """Four inputs (4, D): of two that are in the interval and two that are not, the middle is the same.

    Such a shortest proof is there wherever there are sums below `low` and above `high`, which both must be sums that
    can occur: exclusive or, within m of the coordinates while the others stand still. From all m at -1, below, they go
    to all at 1, above; in between lie the input with the first of them at 1, and its opposite.
    """
    m = (high - low) // 2 + 2
    ones = (dimension + low) // 2 - 1  # of the other coordinates
    if low > high or ones < 0 or high + 2 > dimension:
        return None
    others = [1] * ones + [-1] * (dimension - m - ones)
    first = [1] + [-1] * (m - 1)
    return np.array([[*first, *others], [*(-x for x in first), *others], [-1] * m + others, [1] * m + others])
