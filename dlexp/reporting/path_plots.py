"""How optimizers walked on a surface: their paths on a map, the distance that was left, what the rate did to it."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from dlexp.reporting import style
from dlexp.reporting.landscape import Landscape

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = (*style.COLOURS, style.INK, "#7d3c98")  # nine that differ: the point where a path ends has no dashes
LOOKS = [{"color": COLOURS[i % 9], "linestyle": style.DASHES[i // 9 % len(style.DASHES)]} for i in range(36)]
LEAST = 1e-16  # a distance that is as good as none
MOST = 1e3  # who is farther away has diverged


def all_paths(land: Landscape, trails: np.ndarray, names: Sequence[str], *, title: str) -> "Figure":
    """Every path on one map. trails: (T + 1, O, 2), one path for each of `names`."""
    width, height = map_size(land, 5.6)
    figure, (axes,) = style.new_figure(width=width + 1.6, height=height + 0.9)
    land.draw(axes)
    for o, look in zip(range(len(names)), LOOKS, strict=False):
        draw_path(axes, trails[:, o], look)
    name_lines(axes, names)
    style.axis_names(axes, x="x", y="y")
    style.title(axes, title)
    return figure


def each_path(land: Landscape, trails: np.ndarray, names: Sequence[str], notes: Sequence[str]) -> "Figure":
    """A map for each path. `notes` stand beside the names: what rate it had and where it ended."""
    from matplotlib.figure import Figure

    columns = min(3, len(names))
    rows = -(-len(names) // columns)
    width, height = map_size(land, 2.5)
    figure = Figure(
        figsize=(columns * (width + 0.4), rows * (height + 0.5)), dpi=160, facecolor=style.PAPER, layout="constrained"
    )
    panels = list(figure.subplots(rows, columns, squeeze=False).flat)
    for axes in panels[len(names) :]:
        axes.set_axis_off()
    for o, (axes, name, note, look) in enumerate(zip(panels, names, notes, LOOKS, strict=False)):
        land.draw(axes)
        draw_path(axes, trails[:, o], {"color": look["color"], "marker": "."})
        axes.set_title(f"{name}: {note}", loc="left", fontsize=style.SMALL, color=style.INK, parse_math=False, pad=4)
        axes.tick_params(colors=style.MUTED, labelsize=style.SMALL - 2, length=2)
        axes.spines[:].set_color(style.GRID)
    return figure


def distance_over_steps(distances: np.ndarray, names: Sequence[str], *, near: float) -> "Figure":
    """distances: (T + 1, O) to the nearest minimum after each step, NaN or infinity where a path has diverged."""
    figure, (axes,) = style.new_figure(width=6.4, height=4.0)
    shown = shown_distances(distances)
    for line, look in zip(shown.T, LOOKS, strict=False):
        axes.plot(line, linewidth=1.4, **look)
    axes.axhline(near, color=style.MUTED, linewidth=0.9, linestyle=(0, (3, 2)), zorder=1)
    axes.set_yscale("log")
    axes.set_xlim(0, len(shown) - 1)
    style.axis_names(axes, x=f"step (dashed: near, {near:g})", y="distance to the nearest minimum")
    style.title(axes, "Distance to the minimum, each optimizer with its best learning rate")
    name_lines(axes, names, order=shown[-1])
    return figure


def distance_over_rates(
    rates: np.ndarray, distances: np.ndarray, names: Sequence[str], *, chosen: Sequence[float]
) -> "Figure":
    """distances: (O, R) at the end of the walk with each of `rates` (R,), infinite where it diverged.

    The rate that was `chosen` for each optimizer has a dot.
    """
    figure, (axes,) = style.new_figure(width=6.4, height=4.0)
    shown = shown_distances(distances)
    for line, rate, look in zip(shown, chosen, LOOKS, strict=False):
        axes.plot(rates, line, linewidth=1.4, **look)
        axes.plot(rate, line[np.abs(rates - rate).argmin()], "o", color=look["color"], markersize=5, zorder=4)
    axes.set_xscale("log")
    axes.set_yscale("log")
    style.axis_names(axes, x="learning rate (a line stops where walks diverge)", y="distance at the end")
    style.title(axes, "Where the walk ends, against the learning rate")
    lowest = [np.nanmin(line) if np.isfinite(line).any() else np.inf for line in shown]
    name_lines(axes, names, order=lowest)
    return figure


def draw_path(axes: "Axes", trail: np.ndarray, look: dict) -> None:
    """A path (T + 1, 2) and the point where it ends, as far as it is finite."""
    trail = trail[np.isfinite(trail).all(1)]
    axes.plot(*trail.T, linewidth=1.3, markersize=3, zorder=3, **look)
    axes.plot(*trail[-1], "o", color=look["color"], markeredgecolor=style.PAPER, markersize=6, zorder=4)


def name_lines(axes: "Axes", names: Sequence[str], *, order: Sequence[float] | None = None) -> None:
    """A legend right of the axes, for lines in the order of LOOKS; those of the largest `order` (O,) come first."""
    from matplotlib.lines import Line2D

    pairs = list(zip(names, LOOKS, strict=False))
    if order is not None:
        pairs = [pairs[o] for o in np.argsort(-np.nan_to_num(np.asarray(order), nan=np.inf), kind="stable")]
    legend = axes.legend(
        [Line2D([], [], linewidth=1.8, **look) for _, look in pairs],
        [name for name, _ in pairs],
        loc="center left",
        bbox_to_anchor=(1.0, 0.5),
        fontsize=style.SMALL,
        labelcolor=style.INK,
        frameon=False,
        handlelength=2.2,
    )
    for text in legend.get_texts():
        text.set_parse_math(False)


def map_size(land: Landscape, width: float) -> tuple[float, float]:
    """Inches of a map that is `width` wide and true to scale, or less wide where it is higher than wide."""
    ratio = (land.y[-1] - land.y[0]) / (land.x[-1] - land.x[0])
    return (width, width * ratio) if ratio <= 1 else (width / ratio, width)


def shown_distances(distances: np.ndarray) -> np.ndarray:
    """On a logarithmic axis nothing is nearer than 1e-16, and what has diverged is not there."""
    kept = np.where(np.isfinite(distances) & (distances < MOST), distances, np.nan)
    return np.maximum(kept, LEAST)
