"""Codes as a map, a row for each image and a column for each unit: which units speak, and for whom."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from dlexp.reporting import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def code_map(codes: np.ndarray, labels: np.ndarray, classes: Sequence[str]) -> "Figure":
    """The absolute `codes` (N, L) of images whose `labels` (N,) ascend; the unit that is largest on average is first.

    The scale ends where 99.5 % of the values end: a single one does not fade the others.
    """
    from matplotlib.colors import LinearSegmentedColormap

    absolute = np.abs(codes)
    absolute = absolute[:, np.argsort(-absolute.mean(0), kind="stable")]
    figure, (axes,) = style.new_figure(height=4.0)
    colours = LinearSegmentedColormap.from_list("paper", style.SHADES)
    top = np.quantile(absolute, 0.995) or 1.0
    image = axes.imshow(absolute, cmap=colours, vmin=0, vmax=top, aspect="auto", interpolation="nearest")
    starts = np.flatnonzero(np.diff(labels, prepend=-1))  # of the classes
    for start in starts[1:]:
        axes.axhline(start - 0.5, color=style.MUTED, linewidth=0.6)
    middles = (starts + np.append(starts[1:], len(labels)) - 1) / 2
    axes.set_yticks(middles, [str(classes[labels[start]]) for start in starts], parse_math=False)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    bar = figure.colorbar(image, ax=axes, shrink=0.8, aspect=26, pad=0.02)
    bar.set_label("absolute value", fontsize=style.SMALL, color=style.MUTED)
    bar.outline.set_visible(False)
    bar.ax.tick_params(color=style.MUTED, labelcolor=style.INK, labelsize=style.SMALL, length=2)
    style.axis_names(axes, x="units of the code, the largest on average first", y="test images, by class")
    style.title(axes, f"The codes of {len(codes)} test images")
    return figure
