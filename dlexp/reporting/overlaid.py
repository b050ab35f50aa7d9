"""Lines of several alternatives in one figure: the mean over seeds, and for the first few a band around it."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dlexp.reporting import quantities, style
from dlexp.reporting.labels import label_line_ends, label_lines
from dlexp.reporting.plots import dots, finish_curves, scale_metric
from dlexp.reporting.ticks import value_ticks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame, Series

MOST_BANDS = 3  # more would cover one another


def overlaid_curves(
    tables: "Mapping[str, DataFrame]", *, name: str, baselines: Mapping[str, float] | None = None
) -> "Figure":
    """The metric `name` (`val/accuracy`) over the epochs, a line for each alternative, the best first.

    A table holds epochs (from 1) as rows and seeds as columns; the band is one standard deviation to both sides.
    `baselines` are drawn as levels. The axis of a share leaves out the first quarter of a long run.
    """
    figure, (axes,) = style.new_figure()
    means = _lines(axes, tables)
    long = [mean for mean in means.values() if len(mean) >= 12]
    if quantities.is_share(name) and long:
        floor = min(mean.iloc[len(mean) // 4 :].min() for mean in long)
        low, high = axes.get_ylim()
        axes.set_ylim(max(low, floor - 0.05 * (high - floor)), min(high, 1.0 + 0.02 * (1.0 - floor)))
    finish_curves(axes, means, name, quantities.heading(name), baselines)
    return figure


def effort_curves(tables: "Mapping[str, DataFrame]", *, name: str) -> "Figure":
    """The metric `name` against the steps of the optimizer and against the seconds of training, side by side.

    A table holds a row for each epoch, with columns `steps`, `seconds`, `mean` and `deviation` (over seeds).
    """
    figure, panels = style.new_figure(columns=2)
    for axes, effort in zip(panels, ("steps", "seconds"), strict=True):
        lines = {label: table.set_index(effort)["mean"] for label, table in tables.items()}
        for place, (line, look, table) in enumerate(zip(lines.values(), style.LOOKS, tables.values(), strict=False)):
            draw_line(axes, line, table.set_index(effort)["deviation"], look, banded=place < MOST_BANDS)
        axes.set_xlim(left=0)
        scale_metric(axes, lines, name)
        style.title(axes, f"{quantities.heading(name)} against {effort}")
        style.axis_names(axes, x="steps of the optimizer" if effort == "steps" else "seconds of training", y="")
    label_lines(panels[-1], lines)
    return figure


def response_curves(
    tables: "Mapping[str, DataFrame]",
    *,
    name: str,
    axis: str,
    logarithmic: bool,
    trained: "Mapping[str, DataFrame] | None" = None,
    yardsticks: "Mapping[str, Series] | None" = None,
    absent: Mapping[str, Sequence[float]] | None = None,
) -> "Figure":
    """The metric `name` against a swept number (`axis`, as `optimizer.lr`): its values as rows, seeds as columns.

    `trained` holds the same of the training split, drawn dashed: what lies between the two is the gap. `yardsticks`,
    drawn grey, are what the metric is held against. `absent` says where a line has no value because nobody got there,
    drawn as open triangles at the top; a line may have no other points.
    """
    figure, (axes,) = style.new_figure()
    yardsticks = yardsticks or {}
    for line in yardsticks.values():
        axes.plot(line.index, line, color=style.MUTED, linestyle=(0, (4, 2)), linewidth=1.4)
    for table, look in zip((trained or {}).values(), style.LOOKS, strict=False):
        dashed = {"linestyle": (0, (2, 2)), "linewidth": 1.2, "alpha": 0.8}
        axes.plot(table.index, table.mean(axis=1), **look | dashed)
    means = _lines(axes, tables)
    never = list((absent or {}).items())
    numbers = [*(value for mean in means.values() for value in mean.index), *(x for _, xs in never for x in xs)]
    value_ticks(axes, numbers, logarithmic=logarithmic)
    scale_metric(axes, {**means, **yardsticks}, name)
    lost = [label for label, _ in never if label not in means]
    looks = dict(zip([*means, *lost], style.LOOKS, strict=False))
    heights = never_marks(axes, never, {label: look["color"] for label, look in looks.items()})
    style.axis_names(axes, x=axis, y="")
    style.title(axes, f"{quantities.heading(name)} against {axis}")
    if yardsticks or lost or (trained and len(means) == 1):
        named = [(*line, look["color"]) for line, look in zip(means.items(), style.LOOKS, strict=False)]
        if trained and len(means) == 1:  # the two lines differ in the split alone
            named.append(("training", next(iter(trained.values())).mean(axis=1), style.COLOURS[0]))
        named += [(label, line, style.MUTED) for label, line in yardsticks.items()]
        ends = [(line.index[-1], line.iloc[-1], label, colour) for label, line, colour in named]
        ends += [(max(absent[label]), heights[label], f"{label}: never", looks[label]["color"]) for label in lost]
        label_line_ends(axes, ends)
    else:
        label_lines(axes, means)
    return figure


def never_marks(
    axes: "Axes", never: Sequence[tuple[str, Sequence[float]]], colours: Mapping[str, str]
) -> dict[str, float]:
    """Open triangles where a line never got to a value, in a row of their own above all values; the rows' heights."""
    low, high = axes.transData.transform([(0, bound) for bound in axes.get_ylim()])[:, 1]  # in pixels
    heights = {}
    for row, (label, xs) in enumerate(never, 1):
        place = high + 0.07 * row * (high - low)
        heights[label] = axes.transData.inverted().transform((0, place))[1]
        mark = {"marker": "^", "markersize": 6, "markerfacecolor": style.PAPER, "linestyle": "none"}
        axes.plot(xs, [heights[label]] * len(xs), color=colours[label], **mark)
    if heights:
        top = high + (0.07 * len(heights) + 0.05) * (high - low)
        axes.set_ylim(top=axes.transData.inverted().transform((0, top))[1])
    return heights


def _lines(axes: "Axes", tables: "Mapping[str, DataFrame]") -> "dict[str, Series]":
    """Draw a line for each table and return what was drawn."""
    means = {label: table.mean(axis=1) for label, table in tables.items()}
    for place, ((label, mean), look) in enumerate(zip(means.items(), style.LOOKS, strict=False)):
        draw_line(axes, mean, tables[label].std(axis=1), look, banded=place < MOST_BANDS)
    return means


def draw_line(axes: "Axes", mean: "Series", spread: "Series", look: Mapping[str, Any], *, banded: bool) -> None:
    """A mean, and around it a band of `spread` to both sides, NaN where there is one seed."""
    axes.plot(mean.index, mean, linewidth=1.6, **look, **dots(mean))
    if banded:
        axes.fill_between(mean.index, mean - spread, mean + spread, color=look["color"], alpha=0.18, linewidth=0)
