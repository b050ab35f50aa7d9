"""A convolution as the matrix of a dense layer, and what a shift of the image does to the outputs of layers."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from dlexp.reporting import style
from dlexp.reporting.labels import label_line_ends

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LAYERS = {  # whose outputs are shown, and their names
    "dense": "dense layer",
    "stride4": "stride 4",
    "stride2": "stride 2",
    "zeros": "zero padding",
    "circular": "circular padding",
}


def weight_sharing(matrix: np.ndarray, kernel: np.ndarray, errors: Mapping[str, np.ndarray]) -> "Figure":
    """`matrix` (outputs, pixels) has for each weight the number that it has in `kernel` (3, 3), 1 to 9, and else 0.

    `errors`: for each of LAYERS, how far its output is from being shifted along, by pixels of the shift from 0.
    """
    figure, (left, right) = style.new_figure(columns=2, width=4.6, height=4.0)
    _matrix(left, matrix, kernel)
    _shifts(right, errors)
    return figure


def _matrix(axes: "Axes", matrix: np.ndarray, kernel: np.ndarray) -> None:
    from matplotlib import colormaps
    from matplotlib.colors import BoundaryNorm, ListedColormap

    count = kernel.size
    shades = ListedColormap([style.PAPER, *colormaps["viridis"](np.linspace(0.02, 0.98, count))])
    look = {"cmap": shades, "norm": BoundaryNorm(np.arange(count + 2) - 0.5, count + 1), "interpolation": "nearest"}
    axes.imshow(matrix, aspect="auto", **look)
    axes.grid(visible=False)
    corner = axes.inset_axes((0.74, 0.74, 0.25, 0.25))
    corner.imshow(kernel, **look)
    corner.set(xticks=[], yticks=[])
    corner.set_xlabel("the kernel", fontsize=style.SMALL, color=style.MUTED)
    side = round(matrix.shape[1] ** 0.5)
    style.axis_names(axes, x=f"pixel of the {side} x {side} image", y="pixel of the output")
    style.title(axes, f"As a dense layer: {matrix.size:,} weights, {count} different ones")


def _shifts(axes: "Axes", errors: Mapping[str, np.ndarray]) -> None:
    ends = []
    for (key, name), look in zip(LAYERS.items(), style.LOOKS, strict=False):
        if key in errors:
            values = errors[key]
            axes.plot(values, marker="o", markersize=4, linewidth=1.8, clip_on=False, zorder=3, **look)
            ends.append((len(values) - 1, float(values[-1]), name, look["color"]))
    axes.set_ylim(bottom=0)
    axes.set_xticks(range(len(next(iter(errors.values())))))
    style.axis_names(axes, x="shift of the image (pixels)", y="error, relative to the output")
    style.title(axes, "Does the output move along with the image?")
    label_line_ends(axes, ends)
