"""Made-up applicants: grades and ranks drawn at random, admitted by a logistic model that is stated in full."""

from collections.abc import Sequence

import numpy as np

from dlexp.arguments import check_count
from dlexp.errors import InputError

SHARES = (0.15, 0.38, 0.30, 0.17)  # shares of the schools' ranks 1 to 4
GRE, GPA = (590.0, 115.0), (3.4, 0.38)  # mean and standard deviation
TOGETHER = 0.4  # correlation of gre and gpa
LOWEST_GPA = 2.0


class SyntheticApplicants:
    """P(admit) = sigmoid(intercept + gre * GRE + gpa * GPA + rank[RANK - 1]).

    GRE goes in steps of 20 from 200 to 800, GPA from 2 to 4 in hundredths. `draw` chooses the sample; the seed of a
    run has no say in it.
    """

    def __init__(
        self, *, rows: int, intercept: float, gre: float, gpa: float, rank: Sequence[float], draw: int
    ) -> None:
        self.rows = rows
        self.intercept = intercept
        self.gre = gre
        self.gpa = gpa
        self.rank = np.asarray(rank, dtype=np.float64)  # (4,)
        self.draw = draw
        for name, least in (("rows", 1), ("draw", 0)):
            check_count(f"data.synthetic.{name}", getattr(self, name), least=least)
        if self.rank.shape != (len(SHARES),):
            raise InputError(f"data.synthetic.rank={list(rank)}: give four numbers, one for each rank")

    def __call__(self) -> np.ndarray:
        """float64 (N, 4): admit, gre, gpa, rank."""
        random = np.random.RandomState(self.draw)  # numpy keeps this stream the same in all versions
        scores = random.standard_normal((self.rows, 2))  # (N, 2)
        scores[:, 1] = TOGETHER * scores[:, 0] + np.sqrt(1 - TOGETHER**2) * scores[:, 1]
        gre = np.clip(20 * np.round((GRE[0] + GRE[1] * scores[:, 0]) / 20), 200, 800)  # (N,)
        gpa = np.clip(np.round(GPA[0] + GPA[1] * scores[:, 1], 2), LOWEST_GPA, 4.0)  # (N,)
        rank = 1 + np.searchsorted(np.cumsum(SHARES[:-1]), random.random_sample(self.rows), side="right")  # (N,)
        admit = random.random_sample(self.rows) < self.probability(gre, gpa, rank)  # (N,)
        return np.stack([admit, gre, gpa, rank], axis=1).astype(np.float64)

    def probability(self, gre: np.ndarray, gpa: np.ndarray, rank: np.ndarray) -> np.ndarray:
        """(N,), of being admitted."""
        z = self.intercept + self.gre * gre + self.gpa * gpa + self.rank[rank - 1]  # (N,)
        return 1 / (1 + np.exp(-z))
