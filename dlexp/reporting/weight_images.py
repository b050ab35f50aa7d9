"""Weights laid out as the images that they are multiplied with: what speaks for a class or a unit, and what against."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from dlexp.reporting import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

AGAINST, FOR = style.COLOURS[0], style.COLOURS[1]
MOST_NAMED = 6  # images in a row where each has its name above it
MOST_ABREAST = 10  # where they have none


def weight_images(images: np.ndarray, *, names: Sequence[str] | None, heading: str) -> "Figure":
    """A small picture for each of `images` float (N, C, H, W), all on one scale that is symmetric around 0.

    Channels are averaged. The scale ends where 99.8 % of the weights end: a single one does not fade the others.
    """
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import LinearSegmentedColormap, Normalize
    from matplotlib.figure import Figure

    pictures = np.asarray(images, dtype=float).mean(1)  # (N, H, W)
    columns = _columns(len(pictures), MOST_NAMED if names else MOST_ABREAST)
    rows = -(-len(pictures) // columns)
    side, above = (1.42, 0.12) if names else (0.85, 0.03)  # inches
    size = (max(columns * side + 1.0, style.WIDTH), rows * (side + above) + 0.45)
    figure = Figure(figsize=size, dpi=160, facecolor=style.PAPER, layout="constrained")
    figure.suptitle(heading, x=0.01, ha="left", fontsize=style.TITLE, color=style.INK, parse_math=False)
    colours = LinearSegmentedColormap.from_list("signed", [AGAINST, style.PAPER, FOR])
    limit = np.quantile(np.abs(pictures), 0.998) or 1.0
    scale = Normalize(-limit, limit)
    panels = figure.subplots(rows, columns, squeeze=False)
    for axes in panels.flat:
        axes.set_axis_off()
    for place, (axes, picture) in enumerate(zip(panels.flat, pictures, strict=False)):
        axes.imshow(picture, cmap=colours, norm=scale, interpolation="nearest")
        axes.set_axis_on()
        axes.set_xticks([])
        axes.set_yticks([])
        axes.spines[:].set_color(style.GRID)
        if names:
            axes.set_title(str(names[place]), fontsize=style.SMALL, color=style.INK, parse_math=False, pad=3)
    bar = figure.colorbar(ScalarMappable(scale, colours), ax=panels, shrink=0.8, aspect=26, pad=0.02)
    bar.set_label("weight", fontsize=style.SMALL, color=style.MUTED)
    bar.outline.set_visible(False)
    bar.ax.tick_params(color=style.MUTED, labelcolor=style.INK, labelsize=style.SMALL, length=2)
    return figure


def _columns(count: int, most: int) -> int:
    """The widest row up to `most` that leaves the fewest places empty."""
    if count <= most:
        return max(count, 1)
    return min(range(2, most + 1), key=lambda columns: (-count % columns, -columns))
