"""What a search tried: a point for each trial, against one of the numbers that it drew."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from dlexp.reporting import quantities, style
from dlexp.reporting.ticks import metric_ticks, plain_log_ticks

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def scatter(
    values: Sequence[float], metrics: Sequence[float], *, name: str, axis: str, logarithmic: bool, best: int
) -> "Figure":
    """The metric `name` (N,) against the drawn `values` (N,) of `axis`; a ring marks the point at index `best`.

    No line: neighbours on one axis differ in all the others as well.
    """
    figure, (axes,) = style.new_figure()
    axes.plot(values, metrics, "o", color=style.COLOURS[0], alpha=0.55, markersize=5, markeredgewidth=0)
    ring, colour = values[best], style.COLOURS[1]
    axes.plot(ring, metrics[best], "o", color="none", markeredgecolor=colour, markeredgewidth=1.6, markersize=10)
    axes.margins(x=0.05, y=0.08)
    if logarithmic:
        axes.set_xscale("log")
        plain_log_ticks(axes.xaxis, lambda value: f"{value:g}")
    metric_ticks(axes, name)
    style.axis_names(axes, x=axis, y="")
    style.title(axes, f"{quantities.heading(name)} against {axis}")
    return figure
