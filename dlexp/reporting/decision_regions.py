"""Which class a classifier gives to each place of the plane, and how sure it is; one panel, or a panel an epoch."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from dlexp.reporting import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DEPTH = 0.55  # how strong the colour of a region is where the classifier is sure
COLUMNS = 4  # of small panels

Box = tuple[float, float, float, float]  # left, right, bottom, top


def decision_regions(
    shares: np.ndarray,
    *,
    box: Box,
    points: np.ndarray,
    labels: np.ndarray,
    predicted: np.ndarray,
    classes: Sequence[str],
    axes_names: Sequence[str],
    heading: str,
) -> "Figure":
    """One panel: `shares` (G, G, K) are the classes' probabilities, the first row at the bottom of the box.

    Points (N, 2) have the colour of their class; those that were `predicted` (N,) wrong have a dark ring.
    """
    from matplotlib.lines import Line2D

    figure, (axes,) = style.new_figure(width=5.6, height=4.1 * tallness(box) + 0.6)
    paint(axes, shares, box)
    wrong = labels != predicted
    scatter(axes, points[~wrong], labels[~wrong], size=13)
    scatter(axes, points[wrong], labels[wrong], size=26, edge=style.INK, width=1.1)
    style.axis_names(axes, x=axes_names[0], y=axes_names[1])
    style.title(axes, heading)
    dot = {"marker": "o", "linestyle": "", "markersize": 5, "markeredgecolor": style.PAPER}
    entries = [
        Line2D([], [], color=style.COLOURS[k % len(style.COLOURS)], label=f"class {name}", **dot)
        for k, name in enumerate(classes)
    ]
    if wrong.any():
        entries.append(
            Line2D([], [], label="mistaken", **(dot | {"markeredgecolor": style.INK, "markerfacecolor": "none"}))
        )
    axes.legend(
        handles=entries,
        loc="upper left",
        bbox_to_anchor=(1.0, 1.0),
        fontsize=style.SMALL,
        labelcolor=style.INK,
        frameon=False,
        handletextpad=0.2,
    )
    return figure


def decision_regions_growth(
    shares: Sequence[np.ndarray],
    titles: Sequence[str],
    *,
    box: Box,
    points: np.ndarray,
    labels: np.ndarray,
    heading: str,
) -> "Figure":
    """Small panels in the order of training: for each its probabilities (G, G, K) and its title, the points in all."""
    from matplotlib.figure import Figure

    columns = min(COLUMNS, len(shares))
    rows = -(-len(shares) // columns)
    tall = tallness(box)
    size = (max(columns * 2.1, style.WIDTH), rows * (2.02 * tall + 0.25) + 0.33)
    figure = Figure(figsize=size, dpi=160, facecolor=style.PAPER, layout="constrained")
    figure.suptitle(heading, x=0.01, ha="left", fontsize=style.TITLE, color=style.INK, parse_math=False)
    panels = figure.subplots(rows, columns, squeeze=False)
    for axes in panels.flat:
        axes.set_axis_off()
    for axes, share, title in zip(panels.flat, shares, titles, strict=False):
        axes.set_axis_on()
        paint(axes, share, box)
        scatter(axes, points, labels, size=7, width=0.3)
        axes.set_xticks([])
        axes.set_yticks([])
        axes.spines[:].set_visible(False)
        axes.set_title(title, fontsize=style.SMALL, color=style.INK, parse_math=False, pad=4)
    return figure


def tallness(box: Box) -> float:
    """Height of the box by its width, within what a page can bear."""
    left, right, bottom, top = box
    return min(max((top - bottom) / (right - left), 0.6), 1.4)


def paint(axes: "Axes", shares: np.ndarray, box: Box) -> None:
    """The plane in the colours of the classes, paler where they are unsure, with lines where two are equally likely."""
    from matplotlib.colors import to_rgb

    classes = shares.shape[2]
    paper = np.array(to_rgb(style.PAPER))
    colours = np.array([to_rgb(style.COLOURS[k % len(style.COLOURS)]) for k in range(classes)])  # (K, 3)
    lead = np.sort(shares, axis=2)[:, :, -1:]  # (G, G, 1), of the likeliest class
    sure = (lead - 1 / classes) / (1 - 1 / classes)  # 0 to 1
    mixed = shares @ colours  # (G, G, 3)
    depth = DEPTH * (0.25 + 0.75 * sure)
    axes.imshow((1 - depth) * paper + depth * mixed, extent=box, origin="lower", interpolation="bilinear", zorder=0)
    left, right, bottom, top = box
    rows, columns = shares.shape[:2]
    x = left + (np.arange(columns) + 0.5) * (right - left) / columns
    y = bottom + (np.arange(rows) + 0.5) * (top - bottom) / rows
    for k in range(1, classes):
        before = shares[:, :, k] - np.delete(shares, k, axis=2).max(axis=2)
        if before.min() < 0 < before.max():
            axes.contour(x, y, before, levels=[0], colors=style.INK, linewidths=1.1, zorder=2)
    axes.set_xlim(left, right)
    axes.set_ylim(bottom, top)
    axes.set_aspect("equal")
    axes.grid(visible=False)


def scatter(
    axes: "Axes", points: np.ndarray, labels: np.ndarray, *, size: float, edge: str = style.PAPER, width: float = 0.5
) -> None:
    colours = [style.COLOURS[k % len(style.COLOURS)] for k in labels]
    axes.scatter(points[:, 0], points[:, 1], s=size, c=colours, edgecolors=edge, linewidths=width, zorder=3)
