"""Where the labels of lines and points go so that none covers another."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from dlexp.reporting.style import INK, LOOKS, MUTED, SMALL

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.transforms import Bbox
    from pandas import Series

ENDS_EARLY = 0.85  # of the axes' width
MOST_AT_ENDS = 6  # lines whose names fit beside them


def spread_out(positions: Sequence[float], gap: float, low: float, high: float) -> np.ndarray:
    """Move positions as little as needed so that neighbours are `gap` apart, and stay within low..high.

    Neighbours that are too close are pooled into a block around their common middle (isotonic regression).
    """
    order = np.argsort(positions, kind="stable")
    gap = min(gap, (high - low) / max(1, len(order) - 1))
    blocks: list[list[float]] = []  # [sum of (wanted - offset in the block), size]
    for wanted in np.asarray(positions, dtype=float)[order]:
        blocks.append([wanted, 1])
        while len(blocks) > 1 and _start(blocks[-1], gap, low, high) < (
            _start(blocks[-2], gap, low, high) + blocks[-2][1] * gap
        ):
            total, size = blocks.pop()
            blocks[-1][0] += total - size * blocks[-1][1] * gap
            blocks[-1][1] += size
    placed = np.concatenate(
        [_start(block, gap, low, high) + gap * np.arange(block[1]) for block in blocks] or [np.empty(0)]
    )
    result = np.empty(len(order))
    result[order] = placed
    return result


def _start(block: list[float], gap: float, low: float, high: float) -> float:
    """Where a block begins: its members' mean wish, pushed inside the borders."""
    total, size = block
    return min(max(total / size, low), high - (size - 1) * gap)


def label_lines(axes: "Axes", lines: "Mapping[str, Series]", levels: Mapping[str, float] | None = None) -> None:
    """Name lines that were drawn in the order of LOOKS: a few at their ends, more in a legend. Call it last.

    `levels`, what the lines are held against, are drawn here, grey and dashed, and named at their ends.
    """
    levels = levels or {}
    right = max((line.index[-1] for line in lines.values() if len(line)), default=axes.get_xlim()[1])
    for level in levels.values():
        axes.axhline(level, color=MUTED, linestyle=(0, (4, 2)), linewidth=1.3, zorder=1)
    ends = [
        (line.index[-1], line.iloc[-1], name, look)
        for (name, line), look in zip(lines.items(), LOOKS, strict=False)
        if len(line) and np.isfinite(line.iloc[-1])
    ]
    if len(ends) + len(levels) <= MOST_AT_ENDS:
        named = [(x, y, name, look["color"]) for x, y, name, look in ends]
        label_line_ends(axes, named + [(right, level, name, MUTED) for name, level in levels.items()])
        return
    from matplotlib.lines import Line2D

    ends.sort(key=lambda end: -end[1])  # as the lines end, so that the eye finds them
    grey = Line2D([], [], linewidth=1.3, color=MUTED, linestyle=(0, (4, 2)))
    legend = axes.legend(
        [*(Line2D([], [], linewidth=1.8, **look) for *_, look in ends), *[grey] * len(levels)],
        [*(name for _, _, name, _ in ends), *levels],
        loc="center left",
        bbox_to_anchor=(1.0, 0.5),
        fontsize=SMALL,
        labelcolor=INK,
        frameon=False,
        handlelength=2.2,
    )
    for text in legend.get_texts():
        text.set_parse_math(False)


def label_line_ends(axes: "Axes", ends: Sequence[tuple[float, float, str, str]]) -> None:
    """Name each line right of the axes; `ends` holds (x, y, name, colour) of the last points.

    Call it last: limits and scales of the axes must stand.
    """
    if not ends:
        return
    axes.figure.draw_without_rendering()  # settles the layout, which the gap in axes units needs
    height = axes.get_window_extent().height
    gap = 1.35 * SMALL * axes.figure.dpi / 72 / height
    points = axes.transData.transform([(x, y) for x, y, *_ in ends])
    wanted = axes.transAxes.inverted().transform(points)[:, 1]
    edge = axes.transAxes.inverted().transform(points)[:, 0]
    for (x, y, name, colour), at, right in zip(ends, spread_out(wanted, gap, 0.0, 1.0), edge, strict=True):
        early = right < ENDS_EARLY  # its thread must not be taken for the line itself
        axes.annotate(
            name,
            xy=(x, y),
            xycoords="data",
            xytext=(1.05, at),
            textcoords="axes fraction",
            va="center",
            fontsize=SMALL,
            color=INK,
            parse_math=False,
            annotation_clip=False,
            arrowprops={
                "arrowstyle": "-",
                "color": MUTED if early else colour,
                "linewidth": 0.5 if early else 1,
                "linestyle": (0, (1, 3)) if early else "solid",
                "shrinkA": 2,
                "shrinkB": 2,
                "relpos": (0, 0.5),
            },
        )


def label_points(
    axes: "Axes",
    points: Sequence[tuple[float, float, float, str, str]],
    *,
    steps: Sequence[tuple[float, float]] = (),
) -> None:
    """Name each point where the name covers nothing; a name that is far from its point gets a thread.

    `points` holds (x, y, length of the error bar to one side, name, colour), `steps` the corners of a line of
    horizontal and vertical pieces; the legend is left free, too. Call it last as well.
    """
    from matplotlib.text import Text
    from matplotlib.transforms import Bbox

    axes.figure.draw_without_rendering()
    pixel = axes.figure.dpi / 72  # pixels in a point
    frame = axes.get_window_extent()

    centres = [axes.transData.transform((x, y)) for x, y, *_ in points]
    taken = []  # boxes in pixels: first the points with their error bars, then the names
    for x, y, error, *_ in points:
        (left, bottom), (right, top) = axes.transData.transform([(x, y - error), (x, y + error)])
        taken.append(Bbox.from_extents(left - 4 * pixel, bottom - 4 * pixel, right + 4 * pixel, top + 4 * pixel))
    corners = axes.transData.transform(steps) if len(steps) else []
    taken += [Bbox.from_extents(*np.minimum(a, b) - pixel, *np.maximum(a, b) + pixel) for a, b in pairwise(corners)]
    if axes.get_legend():
        taken.append(axes.get_legend().get_window_extent())

    for (x, y, _, name, colour), centre in zip(points, centres, strict=True):
        text = axes.annotate(
            name,
            xy=(x, y),
            xytext=(0, 0),
            textcoords="offset points",
            ha="left",
            va="bottom",
            fontsize=SMALL,
            color=INK,
            parse_math=False,
            annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": colour, "linewidth": 0.8, "shrinkA": 1, "shrinkB": 3},
        )
        size = Text.get_window_extent(text)  # of the name without its thread
        options = []
        for distance in (6, 12, 20, 30, 42, 56, 72):  # points
            for angle in np.linspace(0, 2 * np.pi, 16, endpoint=False):
                dx = np.cos(angle) * distance - (1 - np.cos(angle)) / 2 * size.width / pixel
                dy = np.sin(angle) * distance - (1 - np.sin(angle)) / 2 * size.height / pixel
                corner = centre + np.array([dx, dy]) * pixel
                box = Bbox.from_bounds(*corner, size.width, size.height)
                hidden = sum(_overlap(box, other) for other in taken)
                outside = size.width * size.height - _overlap(box, frame)
                options.append((round(hidden + outside), distance, (dx, dy), box))
        _, distance, offset, box = min(options, key=lambda option: option[:2])
        text.set_position(offset)
        text.arrow_patch.set_visible(distance > 12)
        taken.append(box)


def _overlap(one: "Bbox", other: "Bbox") -> float:
    """Area in which two boxes lie on one another."""
    width = min(one.x1, other.x1) - max(one.x0, other.x0)
    height = min(one.y1, other.y1) - max(one.y0, other.y0)
    return max(width, 0.0) * max(height, 0.0)
