"""Gradient descent with several batch sizes: the paths on the loss surface, the loss by steps and by samples."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from dlexp.reporting import style
from dlexp.reporting.landscape import Landscape
from dlexp.reporting.squared_error import excess

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CELLS = 200  # of the surface, each way
POINTS = 60  # of a line over the steps
LEAST = 1e-8  # of a loss above the smallest: less is rounding


def batch_sizes(path: np.ndarray, solution: np.ndarray, x: np.ndarray, *, sizes: Sequence[int]) -> "Figure":
    """path: (S + 1, W, 2), slopes and intercepts after each sample seen, of a line for each of `sizes`.

    solution (2,) is the line of least squared error for samples at x (N,). The loss is shown as what it is above that
    line's.
    """
    figure, (left, middle, right) = style.new_figure(columns=3, width=4.2, height=3.9)
    names = [f"all {size}" if size == len(x) else f"{size}" for size in sizes]
    looks = style.LOOKS[: len(sizes)]
    front_first = np.argsort(sizes)  # the noisiest path lies beneath the others

    surface(path, solution, x).draw(left)
    left.set_aspect("auto")
    for w in front_first:
        steps = path[:: sizes[w], w]
        dots = {"marker": "o", "markersize": 2.6} if len(steps) < 1000 else {}
        left.plot(*steps.T, linewidth=1.6 if sizes[w] > 1 else 0.7, zorder=3, color=looks[w]["color"], **dots)
    style.axis_names(left, x="slope", y="intercept")
    style.title(left, "Paths on the surface of the loss")

    above = np.maximum(excess(path, solution, x), LEAST)  # (S + 1, W)
    for w in front_first:
        line = above[:: sizes[w], w][1:]  # after each step
        if len(line) == 0:
            continue  # it has not made any
        steps, (low, median, high) = spread(line)
        colour = looks[w]["color"]
        for axes, unit in ((middle, 1), (right, sizes[w])):
            axes.plot(steps * unit, median, linewidth=1.8, color=colour, label=names[w], zorder=3)
            axes.fill_between(steps * unit, low, high, color=colour, alpha=0.25, linewidth=0)
    for axes in (middle, right):
        axes.set_xscale("log")
        axes.set_yscale("log")
    style.axis_names(middle, x="steps", y="loss above the least squared error")
    style.title(middle, "Loss by steps")
    style.axis_names(right, x="samples seen", y="")
    style.title(right, "Loss by samples seen: median, 10 to 90 %")
    legend = {"frameon": False, "fontsize": style.SMALL, "labelcolor": style.INK, "title_fontsize": style.SMALL}
    middle.legend(loc="lower left", title="samples a step", alignment="left", **legend)
    return figure


def spread(line: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Steps (P,), counted from 1, and the 10, 50 and 90 % quantiles (3, P) of what `line` (S,) is around them.

    The intervals grow with the steps, as the marks of a logarithmic axis do.
    """
    edges = np.unique(np.geomspace(1, len(line) + 1, POINTS + 1).astype(int))
    parts = np.split(line, edges[1:-1] - 1)
    return np.sqrt(edges[:-1] * (edges[1:] - 1.0)), np.transpose([np.quantile(part, (0.1, 0.5, 0.9)) for part in parts])


def surface(path: np.ndarray, solution: np.ndarray, x: np.ndarray) -> Landscape:
    """The loss above its smallest value, over all that the paths have touched and some room around it."""
    seen = np.concatenate([path.reshape(-1, 2), solution[None]])
    low, high = seen.min(0), seen.max(0)
    room = 0.15 * (high - low) + 1e-6
    w, b = np.linspace(low - room, high + room, CELLS).T
    values = excess(np.stack(np.meshgrid(w, b), axis=-1), solution, x)  # (CELLS, CELLS)
    return Landscape(x=w, y=b, values=values, start=path[0, 0], minima=solution[None])
