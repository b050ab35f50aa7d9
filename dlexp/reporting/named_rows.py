"""Rows of small images, each row with its name: samples of a class, what one unit of a code changes."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from dlexp.reporting import style
from dlexp.reporting.image_grid import GAP, image_sheet

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LETTER = 0.068  # inches: the width of one of a name


def named_rows(
    images: np.ndarray,
    names: Sequence[str],
    *,
    heading: str,
    x: str = "",
    ends: tuple[str, str] | None = None,
) -> "Figure":
    """`images` (N, C, H, W), 0..1, in as many rows as there are `names`; `x` says what changes along a row, from the
    first to the last of `ends`.
    """
    columns = len(images) // len(names)
    figure = image_sheet(images, columns=columns, heading=heading, x=x)
    (axes,) = figure.axes
    height, width = axes.images[0].get_array().shape[:2]
    words = {"fontsize": style.SMALL, "color": style.INK, "parse_math": False}
    axes.set_yticks(middles(height, len(names)), names, **words)
    if ends:
        places = middles(width, columns)
        axes.set_xticks(places[[0, -1]], ends, **words)
    axes.tick_params(length=0, pad=2)
    figure.get_layout_engine().set(w_pad=0.1)  # inches, else names reach the edge
    across = figure.get_figwidth()  # inches, of the images alone
    below = 0.2 * bool(x) + 0.2 * bool(ends)
    figure.set_size_inches(across + LETTER * max(map(len, names)) + 0.1, across * height / width + 0.35 + below)
    return figure


def middles(length: int, count: int) -> np.ndarray:
    """Where the middles (count,) of a sheet's images lie, in its pixels."""
    step = (length - GAP) / count
    return GAP / 2 + step * (np.arange(count) + 0.5)
