"""A function of the sum of inputs -1 and +1: how often it is what, who learns it, who computes it, and a proof."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from dlexp.reporting import style
from dlexp.reporting.labels import label_line_ends
from dlexp.reporting.ticks import metric_ticks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NO, YES = style.COLOURS[0], style.COLOURS[1]  # of f = -1 and f = +1
LOWEST, TOP = -1.4, 3.2  # of what is shown of a network's values
MOST_COUNTS = 15  # sums up to which each bar has its number, and is shown with the network
MOST_SIGNS = 20  # inputs up to which the cells of a proof say what they are


def boolean_function(
    sums: np.ndarray,
    counts: Sequence[int],
    truth: np.ndarray,
    *,
    separable: bool,
    accuracy: Sequence[float],
    mistakes: Sequence[int],
) -> "Figure":
    """Left: `counts` inputs have each of the `sums` (D + 1,), and f is +1 where `truth`. Right: a perceptron by epoch.

    accuracy: after each epoch; mistakes: in each epoch.
    """
    figure, (left, right) = style.new_figure(columns=2)
    total = sum(counts)
    shares = [count / total for count in counts]
    ones = sum(share for share, one in zip(shares, truth, strict=True) if one)
    _counts(left, sums, counts if total < 1e6 else shares, truth, "inputs" if total < 1e6 else "share of the inputs")
    of = (
        f"{sum(c for c, one in zip(counts, truth, strict=True) if one):,} of {total:,}"
        if total < 1e6
        else (f"{100 * ones:.3g} % of 2^{len(sums) - 1}")
    )
    style.title(left, f"f = +1 on {of} inputs: {'a' if separable else 'no'} plane in between")

    from matplotlib.ticker import MaxNLocator

    epochs = np.arange(1, len(accuracy) + 1)
    right.plot(epochs, accuracy, color=style.INK, linewidth=1.8, marker="o" if len(epochs) < 13 else "", markersize=4)
    right.axhline(max(ones, 1 - ones), color=style.MUTED, linewidth=1.4, linestyle=style.DASHES[1])
    right.set_ylim(-0.02, 1.04)
    right.xaxis.set_major_locator(MaxNLocator(nbins=7, steps=[1, 2, 5, 10], integer=True, min_n_ticks=1))
    metric_ticks(right, "accuracy")
    style.axis_names(right, x="epoch", y="inputs that are right after it")
    said = "no mistake any more" if mistakes[-1] == 0 else f"{mistakes[-1]:,} mistakes"
    style.title(right, f"The perceptron: {said} in epoch {len(mistakes)}")
    label_line_ends(
        right,
        [
            (epochs[-1], accuracy[-1], "perceptron", style.INK),
            (epochs[-1], max(ones, 1 - ones), f"always {'+1' if ones > 0.5 else '-1'}", style.MUTED),
        ],
    )
    return figure


def _counts(axes: "Axes", sums: np.ndarray, counts: Sequence[float], truth: np.ndarray, unit: str) -> None:
    from matplotlib.patches import Patch

    axes.bar(sums, counts, width=1.6, color=[YES if one else NO for one in truth])
    if len(sums) <= MOST_COUNTS:
        axes.set_xticks(sums[:: 1 if len(sums) <= 11 else 2])
        for x, count in zip(sums, counts, strict=True):
            axes.annotate(
                f"{count:,}", (x, count), (0, 2), textcoords="offset points", ha="center", fontsize=7.5, color=style.INK
            )
    else:
        kept = np.flatnonzero(np.asarray(counts) > 1e-6 * max(counts))
        axes.set_xlim(sums[kept[0]] - 2, sums[kept[-1]] + 2)
    axes.grid(visible=False, axis="x")
    top = max(counts)
    axes.set_ylim(0, 1.28 * top)
    axes.legend(
        handles=[Patch(color=YES, label="f = +1"), Patch(color=NO, label="f = -1")],
        loc="upper right",
        ncols=2,
        fontsize=style.SMALL,
        labelcolor=style.INK,
        frameon=False,
    )
    style.axis_names(axes, x="sum of the inputs", y=unit)


def interval_network(
    sums: np.ndarray,
    responses: Mapping[str, tuple[np.ndarray, np.ndarray]],
    possible: np.ndarray,
    truth: np.ndarray,
    *,
    margin: float,
    dimension: int,
) -> "Figure":
    """A panel for each form of the network: its hidden units (N, H) and its output (N,) over `sums` (N,).

    `possible` (D + 1,) are the sums of inputs -1 and +1, where f is +1 if `truth`. Shaded is what lies within `margin`
    times `dimension` of the boundaries: no input comes there as long as each number is off by less than the margin.
    """
    figure, panels = style.new_figure(columns=len(responses), height=3.7)
    for axes, (name, (hidden, output)) in zip(panels, responses.items(), strict=True):
        edges = sums[np.flatnonzero(np.diff(output > 0))]
        if np.isfinite(margin):
            for edge in edges:
                far = margin * dimension
                axes.fill_betweenx([LOWEST, TOP], edge - far, edge + far, color=style.GRID, linewidth=0)
                axes.plot([edge, edge], [LOWEST, TOP], color=style.MUTED, linewidth=1.0, linestyle=style.DASHES[2])
        stepped = hidden.shape[1] == 2
        for unit, values in enumerate(hidden.T):
            colour = style.COLOURS[2 + unit]
            values = np.where(values <= TOP, values, np.nan)
            # lines that lie on one another are seen side by side
            lift = (-0.11, 0.11)[unit] if stepped else (-0.04, 0.04, -0.08, 0.08)[unit]
            axes.plot(sums, values + lift, color=colour, linewidth=1.5, label=f"unit {unit + 1}")
        axes.plot(sums, output, color=style.INK, linewidth=2.4, label="output", zorder=3)
        axes.scatter(
            possible,
            np.where(truth, 1, -1),
            s=34,
            color=[YES if one else NO for one in truth],
            edgecolors=style.PAPER,
            linewidths=0.7,
            zorder=4,
        )
        axes.set_xlim(sums[0], sums[-1])
        axes.set_ylim(LOWEST, TOP + 0.8)
        axes.set_yticks([-1, 0, 1, 2, 3])
        if len(possible) <= MOST_COUNTS:
            axes.set_xticks(possible[:: 1 if len(possible) <= 11 else 2])
        elif len(edges):
            reach = max(8.0, 0.7 * (edges[-1] - edges[0]))
            axes.set_xlim(max(sums[0], edges[0] - reach), min(sums[-1], edges[-1] + reach))
        axes.grid(visible=False, axis="x")
        axes.legend(
            loc="upper center",
            ncols=hidden.shape[1] + 1,
            fontsize=style.SMALL,
            labelcolor=style.INK,
            frameon=False,
            handlelength=1.2,
            columnspacing=1.0,
        )
        style.title(axes, f"{hidden.shape[1]} hidden units, {name}")
        shaded = f" (shaded: each of them is off by less than {margin:.3g})" if np.isfinite(margin) else ""
        style.axis_names(axes, x=f"sum of the inputs{shaded}", y="value")
    return figure


def no_plane(four: np.ndarray) -> "Figure":
    """Four inputs (4, D), the first two with f = +1, the others with f = -1, and the middle of each pair."""
    from matplotlib.colors import to_rgb
    from matplotlib.figure import Figure

    dimension = four.shape[1]
    rows = [four[0], four[1], four[:2].mean(0), four[2], four[3], four[2:].mean(0)]
    heights = [0, 1, 2.25, 3.9, 4.9, 6.15]
    names = ["f = +1", "f = +1", "their middle", "f = -1", "f = -1", "their middle"]
    figure = Figure(figsize=(7.2, 3.5), dpi=160, facecolor=style.PAPER, layout="constrained")
    axes = figure.add_subplot()
    axes.set_axis_off()
    signs = {-1: "-1", 0: "0", 1: "+1"}
    shades = {-1: style.PAPER, 0: "#c9ccd1", 1: style.INK}
    for place, (row, top, name) in enumerate(zip(rows, heights, names, strict=True)):
        middle = place % 3 == 2
        colour = YES if place < 3 else NO
        axes.imshow(
            np.array([[to_rgb(shades[int(value)]) for value in row]]),
            extent=(0, dimension, top + 0.9, top),
            aspect="auto",
            interpolation="nearest",
        )
        for column, value in enumerate(row):
            edge = {"color": style.MUTED, "linewidth": 0.7 if dimension <= MOST_SIGNS else 0}
            axes.plot([column, column], [top, top + 0.9], **edge)
            if dimension <= MOST_SIGNS:
                ink = style.PAPER if value == 1 else style.INK
                axes.text(column + 0.5, top + 0.45, signs[int(value)], ha="center", va="center", fontsize=8, color=ink)
        axes.plot(
            [0, dimension, dimension, 0, 0],
            [top, top, top + 0.9, top + 0.9, top],
            color=colour,
            linewidth=1.6,
            zorder=3,
        )
        said = name if middle else f"{name}, sum {int(row.sum()):+d}" if row.sum() else f"{name}, sum 0"
        axes.annotate(
            said,
            (dimension, top + 0.45),
            xytext=(8, 0),
            textcoords="offset points",
            va="center",
            fontsize=style.TEXT,
            color=style.INK,
            annotation_clip=False,
        )
    axes.set_xlim(0, dimension)
    axes.set_ylim(7.1, -0.1)
    style.title(axes, "No plane: it would have the same middle on both of its sides")
    return figure
