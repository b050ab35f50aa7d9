"""Gradient descent on a squared error: the surface with the path, the line as it moves, the distance to the goal."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from dlexp.reporting import style
from dlexp.reporting.labels import label_line_ends
from dlexp.reporting.squared_error import excess
from dlexp.reporting.ticks import plain_log_ticks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BY_HAND, TWIN, GOAL = style.COLOURS[0], style.COLOURS[1], style.INK
SHOWN = (0, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000)  # steps after which the line is drawn: it moves less and less
MOST_DOTS = 400  # steps up to which each is a dot
DOTS = {"linestyle": "none", "marker": "o", "markersize": 2, "markeredgewidth": 0}
CELLS = 120  # of the surface, each way
MOST_OBLONG = 4  # ratio of the ranges of slope and intercept from which each has a scale of its own


def descent(path: np.ndarray, solution: np.ndarray, x: np.ndarray, y: np.ndarray, columns: Sequence[str]) -> "Figure":
    """`path` (S, 2, D + 1): weights and bias before the first step and after each, by hand and of torch.nn.

    `solution` (D + 1,) is the closed form's for features `x` (N, D), named `columns`, and targets `y` (N,). With one
    feature there are the loss surface and the line; with several, the parameters that were found.
    """
    if len(columns) > 1:
        figure, (left, right) = style.new_figure(columns=2, width=4.4, height=max(3.4, 0.8 + 0.27 * len(columns)))
        _parameters(left, path[-1], solution, columns)
        _distances(right, path, solution)
        return figure
    figure, (left, middle, right) = style.new_figure(columns=3, width=3.9, height=3.5)
    _surface(left, path, solution, x[:, 0])
    _lines(middle, path[:, 0], solution, x[:, 0], y, columns[0])
    _distances(right, path, solution)
    return figure


def _surface(axes: "Axes", path: np.ndarray, solution: np.ndarray, x: np.ndarray) -> None:
    from matplotlib.colors import LinearSegmentedColormap

    seen = np.concatenate([path.reshape(-1, 2), solution[None]])  # (2 S + 1, 2)
    middle, reach = (seen.max(0) + seen.min(0)) / 2, 0.8 * np.ptp(seen, axis=0) + 1e-6  # (2,), (2,)
    if reach.max() < MOST_OBLONG * reach.min():
        reach[:] = reach.max()  # the same scale on both axes: what is round looks round
    w, b = np.linspace(middle - reach, middle + reach, CELLS).T
    above = np.maximum(excess(np.stack(np.meshgrid(w, b), axis=-1), solution, x), 0)  # (CELLS, CELLS)
    levels = above.max() * np.linspace(0, 1, 15) ** 2  # of a parabola, rings of equal width
    shades = LinearSegmentedColormap.from_list("depth", ("#7fb6dd", "#ffffff"))
    axes.contourf(w, b, above, levels=levels, cmap=shades)
    axes.contour(w, b, above, levels=levels[1:], colors=style.MUTED, linewidths=0.5, alpha=0.6)
    axes.grid(visible=False)
    dots = "o" if len(path) <= MOST_DOTS else ""
    axes.plot(*path[:, 0].T, color=BY_HAND, linewidth=1.6, marker=dots, markersize=3.5, label="by hand")
    axes.plot(*path[:, 1].T, color=TWIN, linewidth=1.1, linestyle=(0, (2, 2)), label="torch.nn")
    axes.plot(*path[0, 0], "o", color=style.PAPER, markeredgecolor=BY_HAND, markersize=7, label="start")
    axes.plot(*solution, "*", color=GOAL, markeredgecolor=style.PAPER, markersize=13, label="closed form", zorder=4)
    axes.set(xlim=(w[0], w[-1]), ylim=(b[0], b[-1]))
    style.axis_names(axes, x="slope w", y="intercept b")
    style.title(axes, "Loss and the way down")
    _legend(axes)


def _lines(axes: "Axes", path: np.ndarray, solution: np.ndarray, x: np.ndarray, y: np.ndarray, column: str) -> None:
    from matplotlib.colors import LinearSegmentedColormap

    axes.plot(x, y, "o", color=style.MUTED, alpha=0.45, markersize=3.5, markeredgewidth=0)
    ends = np.array([x.min(), x.max()])
    steps = [step for step in SHOWN if step < len(path)]
    lines = path[steps, :1] * ends + path[steps, 1:]  # (steps, 2), at both ends
    spread = np.ptp(y)
    low, high = np.clip((lines.min(), lines.max()), y.min() - spread, y.max() + spread)
    axes.set_ylim(min(low, y.min()) - 0.1 * spread, max(high, y.max()) + 0.1 * spread)
    shades = LinearSegmentedColormap.from_list("time", ("#c3dcef", BY_HAND, "#00365c"))(np.linspace(0, 1, len(steps)))
    names = []
    for step, line, shade in zip(steps, lines, shades, strict=True):
        axes.plot(ends, line, color=shade, linewidth=1.8)
        names.append((ends[1], float(np.clip(line[1], *axes.get_ylim())), f"step {step}", shade))
    goal = solution[0] * ends + solution[1]
    axes.plot(ends, goal, color=GOAL, linewidth=1.2, linestyle=(0, (4, 2)))
    names.append((ends[1], goal[1], "closed form", GOAL))
    style.axis_names(axes, x=column, y="y")
    style.title(axes, "The line as it moves")
    label_line_ends(axes, names)


def _distances(axes: "Axes", path: np.ndarray, solution: np.ndarray) -> None:
    """Of the parameters, by step: from the closed form, and between the two models."""
    steps = np.arange(len(path))
    lines = (
        ("by hand", np.linalg.norm(path[:, 0] - solution, axis=1), {"color": BY_HAND, "linewidth": 2.2}),
        ("torch.nn", np.linalg.norm(path[:, 1] - solution, axis=1), {"color": TWIN, "linestyle": (0, (2, 2))}),
        ("between both", np.linalg.norm(path[:, 0] - path[:, 1], axis=1), {"color": style.COLOURS[2], **DOTS}),
    )
    ends = []
    for name, distance, look in lines:
        shown = np.where(distance > 0, distance, np.nan)  # a logarithm has no place for 0
        if np.isfinite(shown).any():
            axes.plot(steps, shown, **({"linewidth": 1.5} | look))
            ends.append((steps[-1], shown[np.isfinite(shown)][-1], name, look["color"]))
    axes.set_yscale("log")
    plain_log_ticks(axes.yaxis, lambda value: f"{value:g}")
    style.axis_names(axes, x="step", y="")
    style.title(axes, "Distance to the closed form")
    label_line_ends(axes, ends)


def _parameters(axes: "Axes", found: np.ndarray, solution: np.ndarray, columns: Sequence[str]) -> None:
    """A row for each parameter: by hand (a dot), of torch.nn (a ring), of the closed form (a bar)."""
    rows = np.arange(len(solution))
    bar = {"color": GOAL, "markersize": 15, "markeredgewidth": 1.6, "label": "closed form"}
    axes.axvline(0, color=style.MUTED, linewidth=0.9, zorder=1)
    axes.plot(solution, rows, "|", **bar)
    axes.plot(found[0], rows, "o", color=BY_HAND, markersize=5, label="by hand")
    axes.plot(found[1], rows, "o", color="none", markeredgecolor=TWIN, markersize=9.5, label="torch.nn")
    axes.set_yticks(rows, [*columns, "bias"], parse_math=False)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    style.axis_names(axes, x="weight", y="")
    style.title(axes, "Parameters after the last step")
    _legend(axes)


def _legend(axes: "Axes") -> None:
    frame = {"frameon": True, "framealpha": 0.85, "edgecolor": "none", "facecolor": style.PAPER}
    axes.legend(loc="best", fontsize=style.SMALL - 1, labelcolor=style.INK, handlelength=1.6, borderpad=0.3, **frame)
