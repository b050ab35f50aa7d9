"""Images above what was made of them: blocks of rows, with an error under each reconstruction."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from dlexp.reporting import style
from dlexp.reporting.image_grid import SIDE

if TYPE_CHECKING:
    from matplotlib.figure import Figure


SHADES = {"cmap": "gray", "vmin": 0, "vmax": 1, "interpolation": "nearest"}


class Row(NamedTuple):
    """Its name, images float (N, C, H, W) of 0..1, and the error (N,) of each, or None of originals."""

    name: str
    images: np.ndarray
    errors: np.ndarray | None


def reconstructions(blocks: Mapping[str, Sequence[Row]], *, heading: str) -> "Figure":
    """A block of rows for each entry, under what it says; images of a column belong together."""
    from matplotlib.figure import Figure

    columns = max(len(row.images) for rows in blocks.values() for row in rows)
    longest = max(len(row.name) for rows in blocks.values() for row in rows)
    lines = sum(len(rows) for rows in blocks.values())
    size = (columns * SIDE + 0.075 * longest + 0.25, lines * (SIDE + 0.1) + 0.3 * len(blocks) + 0.4)
    figure = Figure(figsize=size, dpi=160, facecolor=style.PAPER, layout="constrained")
    figure.get_layout_engine().set(w_pad=0.03, h_pad=0.01, wspace=0, hspace=0)
    figure.suptitle(heading, x=0.01, ha="left", fontsize=style.TITLE, color=style.INK, parse_math=False)
    parts = figure.subfigures(len(blocks), 1, squeeze=False, height_ratios=[len(rows) for rows in blocks.values()])
    words = {"color": style.INK, "parse_math": False}
    for part, (said, rows) in zip(parts[:, 0], blocks.items(), strict=True):
        part.set_facecolor(style.PAPER)
        part.suptitle(said, x=0.01, ha="left", fontsize=style.TEXT, color=style.MUTED, parse_math=False)
        panels = part.subplots(len(rows), columns, squeeze=False)
        for line, row in zip(panels, rows, strict=True):
            for axes in line:
                axes.set_xticks([])
                axes.set_yticks([])
                axes.spines[:].set_visible(False)
            for axes, image in zip(line, np.asarray(row.images).transpose(0, 2, 3, 1), strict=False):  # (H, W, C)
                axes.imshow(image.squeeze(-1) if image.shape[-1] == 1 else image.clip(0, 1), **SHADES)
            line[0].set_ylabel(row.name, rotation=0, ha="right", va="center", fontsize=style.SMALL, **words)
            for axes, error in zip(line, () if row.errors is None else row.errors, strict=False):
                axes.set_xlabel(f"{error:.2g}", fontsize=style.SMALL - 1.5, color=style.MUTED, labelpad=1.5)
    return figure
