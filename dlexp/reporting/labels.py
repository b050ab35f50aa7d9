"""Where the labels of lines and points go so that none covers another."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from dlexp.reporting.style import INK, SMALL

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.transforms import Bbox


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
    for (x, y, name, colour), at in zip(ends, spread_out(wanted, gap, 0.0, 1.0), strict=True):
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
                "color": colour,
                "linewidth": 1,
                "shrinkA": 2,
                "shrinkB": 2,
                "relpos": (0, 0.5),
            },
        )


def label_points(axes: "Axes", points: Sequence[tuple[float, float, float, str, str]]) -> None:
    """Name each point where the name covers nothing; a name that is far from its point gets a thread.

    `points` holds (x, y, length of the error bar to one side, name, colour); call it last as well.
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
