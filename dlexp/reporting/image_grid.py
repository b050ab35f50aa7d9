"""Many small images in one: a contact sheet of samples, and rows of images that belong together."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from dlexp.reporting import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

GAP = 2  # pixels between two images of a sheet
LEAST = 56  # pixels: the smallest side that an image of a sheet is enlarged to
SIDE = 0.72  # inches of an image in a row


def sheet(images: np.ndarray, columns: int) -> np.ndarray:
    """`images` float (N, C, H, W), 0..1, row by row in one picture uint8 (h, w, 3); small ones are enlarged."""
    pixels = _pixels(images)  # (N, H, W, 3)
    factor = -(-LEAST // max(pixels.shape[1:3]))
    pixels = pixels.repeat(factor, 1).repeat(factor, 2)
    count, height, width, _ = pixels.shape
    rows = -(-count // columns)
    picture = np.full((rows * (height + GAP) + GAP, columns * (width + GAP) + GAP, 3), 255, np.uint8)
    for place, image in enumerate(pixels):
        y, x = divmod(place, columns)
        top, left = GAP + y * (height + GAP), GAP + x * (width + GAP)
        picture[top : top + height, left : left + width] = image
    return picture


def image_sheet(images: np.ndarray, *, columns: int, heading: str, x: str = "", y: str = "") -> "Figure":
    """A sheet of `images` (N, C, H, W), 0..1, under a heading; `x` and `y` name what changes along rows and columns."""
    from matplotlib.figure import Figure

    picture = sheet(images, columns)
    height, width = picture.shape[:2]
    across = min(max(columns * 0.5, 3.2), 7.0)  # inches
    left, below = 0.25 * bool(y), 0.25 * bool(x)  # inches that the names take
    size = (across, (across - left) * height / width + below + 0.3)
    figure = Figure(figsize=size, dpi=160, facecolor=style.PAPER, layout="constrained")
    axes = figure.add_subplot()
    style.title(axes, heading)
    axes.imshow(picture, interpolation="nearest")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_visible(False)
    style.axis_names(axes, x=x, y=y)
    return figure


def image_rows(
    rows: Sequence[tuple[str, np.ndarray]], *, heading: str, above: Sequence[str] = (), below: Sequence[str] = ()
) -> "Figure":
    """Rows of images that stand under one another: originals, reconstructions, …

    rows: (name, images (N, C, H, W), 0..1), all of one N. `above` and `below` say something of each column.
    """
    from matplotlib.figure import Figure

    columns = max(len(images) for _, images in rows)
    longest = max(len(name) for name, _ in rows)
    said = 0.22 * bool(above) + 0.22 * bool(below)  # inches
    size = (columns * SIDE + 0.075 * longest + 0.2, len(rows) * SIDE + said + 0.4)
    figure = Figure(figsize=size, dpi=160, facecolor=style.PAPER, layout="constrained")
    figure.get_layout_engine().set(w_pad=0.01, h_pad=0.01, wspace=0, hspace=0)
    figure.suptitle(heading, x=0.01, ha="left", fontsize=style.TITLE, color=style.INK, parse_math=False)
    panels = figure.subplots(len(rows), columns, squeeze=False)
    for line, (name, images) in zip(panels, rows, strict=True):
        for axes in line:
            axes.set_xticks([])
            axes.set_yticks([])
            axes.spines[:].set_visible(False)
        for axes, pixels in zip(line, _pixels(images), strict=False):
            axes.imshow(pixels, interpolation="nearest")
        words = {"rotation": 0, "ha": "right", "va": "center", "fontsize": style.SMALL, "parse_math": False}
        line[0].set_ylabel(name, color=style.INK, **words)
    for axes, text in zip(panels[0], above, strict=False):
        axes.set_title(text, fontsize=style.SMALL - 1, color=style.INK, parse_math=False, pad=2)
    for axes, text in zip(panels[-1], below, strict=False):
        axes.set_xlabel(text, fontsize=style.SMALL - 1, color=style.MUTED, parse_math=False, labelpad=2)
    return figure


def _pixels(images: np.ndarray) -> np.ndarray:
    """(N, C, H, W) float 0..1, grey or colour, as uint8 (N, H, W, 3)."""
    bytes_ = (np.clip(np.asarray(images, dtype=float), 0, 1) * 255).round().astype(np.uint8).transpose(0, 2, 3, 1)
    return np.broadcast_to(bytes_, (*bytes_.shape[:3], 3)) if bytes_.shape[-1] == 1 else bytes_
