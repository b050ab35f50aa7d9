"""Marks of an axis as people read them: per cent for shares, round numbers without exponents for logarithms."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from dlexp.reporting import quantities

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

MOST_MARKS = 8  # values of an axis that are all written out


def value_ticks(axes: "Axes", values: Sequence[float], *, logarithmic: bool) -> None:
    """A swept number on the horizontal axis: a mark at each of its values, if there are few."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    if logarithmic:
        axes.set_xscale("log")
    if len(set(values)) <= MOST_MARKS:
        axes.xaxis.set_major_locator(FixedLocator(sorted(set(values))))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    elif logarithmic:
        plain_log_ticks(axes.xaxis, lambda value: f"{value:g}")


def metric_ticks(axes: "Axes", name: str) -> None:
    """The metric `name` (`test/accuracy`) on the vertical axis."""
    from matplotlib.ticker import FuncFormatter

    if quantities.is_share(name):
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{100 * value:.5g} %"))


def plain_log_ticks(axis: "Axis", quantity: Callable[[float], str]) -> None:
    """Marks at round numbers, more of them where the axis is short, without exponents."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    low, high = axis.get_view_interval()
    decades = np.log10(high / low)
    marks = (1, 2, 5) if decades < 2 else (1, 3) if decades < 4 else (1,)
    axis.set_major_locator(LogLocator(subs=marks, numticks=8))
    axis.set_major_formatter(FuncFormatter(lambda value, _: quantity(value)))
    axis.set_minor_formatter(NullFormatter())
