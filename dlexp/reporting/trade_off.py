"""What a metric costs: a point for each alternative, and the front of those that nothing beats at their price."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from dlexp.reporting import quantities, style
from dlexp.reporting.labels import label_points
from dlexp.reporting.ticks import metric_ticks, plain_log_ticks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame

MOST_NAMED = 12  # the first so many points have a colour and a name
MOST_BELOW = 1.5  # room for the others, in heights of what has a name


def trade_off(points: "DataFrame", *, x: str, y: str, quantity: Callable[[float], str]) -> "Figure":
    """A point for each alternative with one standard deviation over its seeds; a dashed step along the Pareto front.

    `points` has the alternatives as index, the best first, and columns x, y, deviation (NaN for a single seed) and
    front; `x` names the cost, `y` the metric (`test/accuracy`); `quantity` turns a cost into text with its unit.
    """
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    figure, (axes,) = style.new_figure()
    looks = dict(zip(points.index, style.LOOKS[:MOST_NAMED], strict=False))
    points = points[np.isfinite(points.x) & np.isfinite(points.y)]
    first = points.index.isin(list(looks))
    # Of those that lie on one another, as seeds and small test splits make them, one name is enough.
    also = points[points.front & ~points.duplicated(["x", "y"]) & ~first][:MOST_NAMED]
    named = []
    for label, row in points[first].iterrows():
        error, colour = float(np.nan_to_num(row.deviation)), looks[label]["color"]
        bar = {"elinewidth": 1.2, "capsize": 2.5, "zorder": 3}
        axes.errorbar(row.x, row.y, error or None, color=colour, marker="o", markersize=6, **bar)
        named.append((row.x, row.y, error, str(label), colour))
    named += [(row.x, row.y, 0.0, str(label), style.MUTED) for label, row in also.iterrows()]
    axes.plot(also.x, also.y, "o", color=style.MUTED, markersize=5)
    axes.margins(x=0.16, y=0.16)
    _unnamed(axes, points[~first & ~points.index.isin(also.index)])
    if len(points) and 0 < 3 * points.x.min() < points.x.max():
        axes.set_xscale("log")
        plain_log_ticks(axes.xaxis, quantity)
    else:
        axes.xaxis.set_major_locator(MaxNLocator(5))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: quantity(value)))
    metric_ticks(axes, y)
    style.axis_names(axes, x=x, y="")
    style.title(axes, f"{quantities.heading(y)} against {x}")
    label_points(axes, named, steps=_front(axes, points[points.front]))
    return figure


def _unnamed(axes: "Axes", points: "DataFrame") -> None:
    """Grey, and at the border where they lie beyond it: those with names need the room."""
    low, high = axes.get_ylim()
    near = points.y[points.y.between(low - MOST_BELOW * (high - low), high + MOST_BELOW * (high - low))]
    if len(near):
        margin = 0.05 * (high - low)
        low, high = min(low, near.min() - margin), max(high, near.max() + margin)
    inside = points[points.y.between(low, high)]
    axes.plot(inside.x, inside.y, "o", color=style.MUTED, alpha=0.5, markersize=4, markeredgewidth=0)
    for marker, edge, outside in (("v", 0.0, points[points.y < low]), ("^", 1.0, points[points.y > high])):
        if len(outside):  # no line at all would still push the axes aside
            at_border = {"transform": axes.get_xaxis_transform(), "clip_on": False}
            axes.plot(outside.x, [edge] * len(outside), marker, color=style.MUTED, alpha=0.6, markersize=4, **at_border)
    axes.set_ylim(low, high)


def _front(axes: "Axes", points: "DataFrame") -> list[tuple[float, float]]:
    """Draw it and return its corners: the metric changes where the next better point becomes affordable."""
    points = points.drop_duplicates(["x", "y"]).sort_values("x")
    line = {"color": style.MUTED, "linewidth": 1.1, "linestyle": (0, (4, 2)), "zorder": 1}
    axes.plot(points.x, points.y, drawstyle="steps-post", label="Pareto front", **line)
    axes.legend(loc="best", fontsize=style.SMALL, labelcolor=style.MUTED, frameon=False, handlelength=2.4)
    corners = [(points.x.iloc[i + later], points.y.iloc[i]) for i in range(len(points) - 1) for later in (0, 1)]
    return [*corners, *zip(points.x[-1:], points.y[-1:], strict=True)]
