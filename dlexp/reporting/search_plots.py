"""Figures of a search: how it came along, what mattered, and what several objectives cost each other."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from dlexp.reporting import quantities, style
from dlexp.reporting.ticks import metric_ticks, plain_log_ticks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure
    from pandas import DataFrame

MOST_BARS = 12


def search_history(trials: "DataFrame", *, name: str, mode: str) -> "Figure":
    """Every trial in its order, and the best of the metric `name` so far; `mode` is min or max.

    `trials` has columns number (from 1), state (finished, pruned, failed) and value; a pruned trial's value is the
    last one that it reported, a failed one has none and stands at the lower edge.
    """
    from matplotlib.ticker import MaxNLocator

    figure, (axes,) = style.new_figure()
    kinds = dict(tuple(trials.groupby("state")))
    if (finished := kinds.get("finished")) is not None:
        best = finished.value.cummax() if mode == "max" else finished.value.cummin()
        last = trials.number.max()
        line = {"drawstyle": "steps-post", "color": style.COLOURS[1], "linewidth": 1.6}
        axes.plot([*finished.number, last], [*best, best.iloc[-1]], **line)
        dots = {"color": style.COLOURS[0], "markersize": 5, "markeredgewidth": 0, "alpha": 0.75}
        axes.plot(finished.number, finished.value, "o", label="finished", **dots)
        _best(axes, last, best.iloc[-1], name, above=mode == "max")
    if (pruned := kinds.get("pruned")) is not None:
        hollow = {"color": "none", "markeredgecolor": style.MUTED, "markersize": 5}
        axes.plot(pruned.number, pruned.value, "o", label="pruned", **hollow)
    if (failed := kinds.get("failed")) is not None:
        edge = axes.get_xaxis_transform()  # y is a share of the panel
        crosses = {"color": style.COLOURS[1], "markersize": 5, "clip_on": False}
        axes.plot(failed.number, [0.0] * len(failed), "x", transform=edge, label="failed", **crosses)
    axes.margins(y=0.1)
    axes.set_xlim(left=0)
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True))
    metric_ticks(axes, name)
    style.axis_names(axes, x="trial", y="")
    style.title(axes, quantities.heading(name))
    _legend(axes)
    return figure


def importances(shares: Mapping[str, float], *, name: str) -> "Figure":
    """What decides whether the metric `name` is among the best, by searched key; `shares` sum to one."""
    rows = sorted(shares.items(), key=lambda item: item[1])[-MOST_BARS:]
    figure, (axes,) = style.new_figure(height=1.0 + 0.34 * len(rows))
    bars = axes.barh([key for key, _ in rows], [share for _, share in rows], height=0.6, color=style.COLOURS[0])
    texts = [f"{100 * share:.0f} %" for _, share in rows]
    axes.bar_label(bars, texts, padding=4, fontsize=style.SMALL, color=style.INK)
    axes.set_xlim(0, 1.15 * max(share for _, share in rows))
    axes.grid(visible=False)
    axes.spines["bottom"].set_visible(False)
    axes.set_xticks([])
    style.title(axes, f"What decides {quantities.spoken(name)}")
    return figure


def pareto(
    points: "DataFrame", *, x: str, y: str, x_mode: str, x_text: Callable[[float], str], y_text: Callable[[float], str]
) -> "Figure":
    """Each trial by two objectives, with those joined that no other trial beats in all of them.

    `points` has columns x, y and front (bool); `x` and `y` name the objectives, `x_mode` says whether less or more
    of x is better, `x_text` and `y_text` write their values with units.
    """
    figure, (axes,) = style.new_figure()
    rest, front = points[~points.front], points[points.front].sort_values("x")
    dots = {"markersize": 5, "markeredgewidth": 0}
    axes.plot(rest.x, rest.y, "o", color=style.MUTED, alpha=0.5, **dots)
    line = {"color": style.COLOURS[1], "linewidth": 1.2, "marker": "o", "label": "Pareto front"}
    axes.plot(front.x, front.y, drawstyle="steps-post" if x_mode == "min" else "steps-pre", **line, **dots)
    for axis, values, text in ((axes.xaxis, points.x, x_text), (axes.yaxis, points.y, y_text)):
        _quantity_ticks(axes, axis, values, text)
    style.axis_names(axes, x=quantities.spoken(x), y="")
    style.title(axes, f"{quantities.heading(y)} against {quantities.spoken(x)}")
    _legend(axes)
    return figure


def _best(axes: "Axes", trial: int, value: float, name: str, *, above: bool) -> None:
    """What the line of the best comes to, on that side of it where no trial can be."""
    axes.annotate(
        f"best so far: {quantities.metric(name, value)}",
        xy=(trial, value),
        xytext=(0, 4 if above else -4),
        textcoords="offset points",
        ha="right",
        va="bottom" if above else "top",
        fontsize=style.SMALL,
        color=style.INK,
        parse_math=False,
    )


def _quantity_ticks(axes: "Axes", axis: "Axis", values: "DataFrame", text: Callable[[float], str]) -> None:
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    if 0 < 10 * values.min() < values.max():
        axes.set(**{f"{axis.axis_name}scale": "log"})
        plain_log_ticks(axis, text)
    else:
        axis.set_major_locator(MaxNLocator(5))
        axis.set_major_formatter(FuncFormatter(lambda value, _: text(value)))


def _legend(axes: "Axes") -> None:
    """Above the panel at its right, where no point lies."""
    place = {"loc": "lower right", "bbox_to_anchor": (1.0, 1.0), "ncols": 4}
    plain = {"frameon": False, "borderpad": 0.3, "handletextpad": 0.3, "handlelength": 1.4, "columnspacing": 1.0}
    for text in axes.legend(fontsize=style.SMALL, **place, **plain).get_texts():
        text.set_color(style.MUTED)
