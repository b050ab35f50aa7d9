"""What kernels and paddings do to a picture: a panel each, the kernel in the corner of its panel."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from dlexp.reporting import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = 4
PANEL, TITLE = 2.1, 0.3  # inches: the width of a picture, the height of what is said above it
NUMBERED = 3  # rows and columns up to which a kernel shows its numbers
SIGNS = (style.COLOURS[1], "#ffffff", style.COLOURS[0])  # of weights: below, at and above 0


def kernels_and_paddings(
    filtered: Mapping[str, tuple[np.ndarray, np.ndarray]], padded: Mapping[str, np.ndarray], margin: int
) -> "Figure":
    """`filtered`: for each name its kernel (K, L) and the picture, colours (H, W, 3) 0 to 1, or (H, W) around 0.

    `padded`: for each mode the picture (H, W, 3) 0 to 1 with `margin` pixels of padding on each side.
    """
    from matplotlib.figure import Figure

    above, below = -(-len(filtered) // COLUMNS), -(-len(padded) // COLUMNS)  # rows
    pictures = [next(iter(filtered.values()))[1]] * above + [next(iter(padded.values()))] * below
    heights = [PANEL * picture.shape[0] / picture.shape[1] + TITLE for picture in pictures]  # inches
    figure = Figure(figsize=(COLUMNS * (PANEL + 0.08), sum(heights)), dpi=160, facecolor=style.PAPER)
    grid = {"height_ratios": heights, "left": 0.006, "right": 0.994, "top": 1.0, "bottom": 0.008}
    figure.subplots(above + below, COLUMNS, squeeze=False, gridspec_kw=grid | {"wspace": 0.04, "hspace": 0.0})
    panels = figure.axes
    for axes in panels:
        axes.set_axis_off()
        axes.set_anchor("S")
    for axes, (name, (kernel, picture)) in zip(panels, filtered.items(), strict=False):
        _picture(axes, picture)
        _kernel(axes, kernel)
        _name(axes, name)
    for axes, (mode, picture) in zip(panels[above * COLUMNS :], padded.items(), strict=False):
        _picture(axes, picture)
        _frame(axes, picture, margin)
        _name(axes, f"padding: {mode}")
    return figure


def _picture(axes: "Axes", picture: np.ndarray) -> None:
    if picture.ndim == 3:
        axes.imshow(np.clip(picture, 0, 1), interpolation="nearest")
        return
    reach = max(np.quantile(np.abs(picture), 0.995), 1e-9)  # grey is 0; few pixels would leave the others grey
    axes.imshow(picture, cmap="gray", vmin=-reach, vmax=reach, interpolation="nearest")


def _name(axes: "Axes", name: str) -> None:
    text = name.replace("_", " ")
    axes.set_title(
        text[:1].upper() + text[1:], loc="left", fontsize=style.TEXT, color=style.INK, parse_math=False, pad=3
    )


def _kernel(axes: "Axes", kernel: np.ndarray) -> None:
    """In the lower left corner: blue adds, orange subtracts."""
    from matplotlib.colors import LinearSegmentedColormap

    rows, columns = kernel.shape
    height, width = axes.images[0].get_array().shape[:2]
    cell = 0.077 if max(rows, columns) <= NUMBERED else 0.231 / max(rows, columns)  # of the picture's width
    corner = axes.inset_axes((0.02, 0.02 * width / height, cell * columns, cell * rows * width / height))
    reach = np.abs(kernel).max() or 1.0
    shades = LinearSegmentedColormap.from_list("signs", SIGNS)
    corner.imshow(kernel, cmap=shades, vmin=-reach, vmax=reach, interpolation="nearest", aspect="auto")
    corner.set(xticks=[], yticks=[])
    corner.spines[:].set_color(style.INK)
    if max(rows, columns) <= NUMBERED:
        for row, column in np.ndindex(rows, columns):
            dark = abs(kernel[row, column]) > 0.6 * reach
            text = {"ha": "center", "va": "center", "fontsize": 6, "color": "white" if dark else style.INK}
            corner.text(column, row, f"{kernel[row, column]:.2g}", **text)


def _frame(axes: "Axes", picture: np.ndarray, margin: int) -> None:
    """Where the picture ends and the padding begins."""
    from matplotlib.patches import Rectangle

    height, width = picture.shape[:2]
    inner = (width - 2 * margin, height - 2 * margin)
    for colour, linewidth in (("white", 2.2), (style.INK, 1.0)):
        place = (margin - 0.5, margin - 0.5)
        axes.add_patch(Rectangle(place, *inner, fill=False, edgecolor=colour, linewidth=linewidth))
