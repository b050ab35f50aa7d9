"""Lines of several alternatives in one figure: the mean over seeds, and for the first few a band around it."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from dlexp.reporting import quantities, style
from dlexp.reporting.labels import label_lines
from dlexp.reporting.plots import dots, finish_curves
from dlexp.reporting.ticks import metric_ticks, value_ticks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame, Series

MOST_BANDS = 3  # more would cover one another


def overlaid_curves(tables: "Mapping[str, DataFrame]", *, name: str) -> "Figure":
    """The metric `name` (`val/accuracy`) over the epochs, a line for each alternative, the best first.

    A table holds epochs (from 1) as rows and seeds as columns; the band is one standard deviation to both sides.
    The axis of a share leaves out the first quarter of a long run.
    """
    figure, (axes,) = style.new_figure()
    means = _lines(axes, tables)
    long = [mean for mean in means.values() if len(mean) >= 12]
    if quantities.is_share(name) and long:
        floor = min(mean.iloc[len(mean) // 4 :].min() for mean in long)
        low, high = axes.get_ylim()
        axes.set_ylim(max(low, floor - 0.05 * (high - floor)), min(high, 1.0 + 0.02 * (1.0 - floor)))
    finish_curves(axes, means, name, quantities.heading(name))
    return figure


def response_curves(tables: "Mapping[str, DataFrame]", *, name: str, axis: str, logarithmic: bool) -> "Figure":
    """The metric `name` against a swept number (`axis`, as `optimizer.lr`): its values as rows, seeds as columns."""
    figure, (axes,) = style.new_figure()
    means = _lines(axes, tables)
    value_ticks(axes, [value for mean in means.values() for value in mean.index], logarithmic=logarithmic)
    metric_ticks(axes, name)
    style.axis_names(axes, x=axis, y="")
    style.title(axes, f"{quantities.heading(name)} against {axis}")
    label_lines(axes, means)
    return figure


def _lines(axes: "Axes", tables: "Mapping[str, DataFrame]") -> "dict[str, Series]":
    """Draw a line for each table and return what was drawn."""
    means = {label: table.mean(axis=1) for label, table in tables.items()}
    for place, ((label, mean), look) in enumerate(zip(means.items(), style.LOOKS, strict=False)):
        axes.plot(mean.index, mean, linewidth=1.6, **look, **dots(mean))
        if place < MOST_BANDS:
            spread = tables[label].std(axis=1)  # NaN where there is one seed
            axes.fill_between(mean.index, mean - spread, mean + spread, color=look["color"], alpha=0.18, linewidth=0)
    return means
