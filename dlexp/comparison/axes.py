"""The axes of a sweep: which keys it varied, over which values, and whether their combinations form a grid."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import prod

import numpy as np

from dlexp.comparison.alternatives import Alternative, number

MOST_STEPS = 12  # values that somebody would type one by one; more are drawn by a search, unless evenly spaced
EVEN = 0.5  # the spread of the steps against their mean, which is about 1 for values drawn at random


@dataclass(frozen=True)
class Axis:
    """A key of the sweep and its distinct values: numbers in ascending order, names in that of the alternatives."""

    key: str
    values: tuple[str, ...]

    @cached_property
    def numeric(self) -> bool:
        """Whether it is a scale: numbers only, and at least three of them."""
        return len(self.values) >= 3 and all(number(value) is not None for value in self.values)

    @cached_property
    def numbers(self) -> np.ndarray:
        """The values of a numeric axis."""
        return np.array([number(value) for value in self.values])

    @cached_property
    def logarithmic(self) -> bool:
        """Whether the ratios of neighbours are more alike than their differences."""
        return self.numeric and bool(self.numbers[0] > 0) and uneven(np.log(self.numbers)) < uneven(self.numbers)

    @cached_property
    def over_decades(self) -> bool:
        """Whether values drawn at random span a decade, and fill it evenly on a logarithmic scale only."""
        low, high = self.numbers[[0, -1]]
        if low <= 0 or high < 10 * low:
            return False
        return off_centre(np.log(self.numbers)) < off_centre(self.numbers)

    @cached_property
    def stepped(self) -> bool:
        """Whether somebody chose the values, rather than a search that draws them."""
        scale = np.log(self.numbers) if self.logarithmic else self.numbers
        return len(self.values) <= MOST_STEPS or uneven(scale) < EVEN


def uneven(ascending: np.ndarray) -> float:
    """The standard deviation of the steps between neighbours, as a share of their mean."""
    steps = np.diff(ascending)
    return float(steps.std() / steps.mean())


def off_centre(ascending: np.ndarray) -> float:
    """How far the median lies from the middle of the range, as a share of it."""
    low, high = ascending[[0, -1]]
    return float(abs(np.median(ascending) - (low + high) / 2) / (high - low))


def axes_of(alternatives: Sequence[Alternative]) -> list[Axis]:
    """The keys in which they differ."""
    keys = dict.fromkeys(key for alternative in alternatives for key in alternative.settings)
    found = []
    for key in keys:
        values = list(dict.fromkeys(a.settings[key] for a in alternatives if key in a.settings))
        if all(number(value) is not None for value in values):
            values.sort(key=number)
        if len(values) > 1:
            found.append(Axis(key, tuple(values)))
    return found


def is_grid(axes: Sequence[Axis], alternatives: Sequence[Alternative]) -> bool:
    """Whether most combinations of the values were run, as a sweep does and a search does not."""
    keys = [axis.key for axis in axes]
    places = {tuple(a.settings[key] for key in keys) for a in alternatives if set(keys) <= set(a.settings)}
    full = 2 * len(places) > prod(len(axis.values) for axis in axes)
    return full and all(axis.stepped for axis in axes if axis.numeric)
