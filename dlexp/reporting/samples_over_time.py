"""Images of the same noise after more and more training: a picture and a film."""

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from dlexp.reporting.image_grid import image_rows, image_sheet

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TONES = 64  # of a film's frame
REST = 2000  # milliseconds that its last frame stays


def samples_over_time(images: np.ndarray, epochs: Sequence[int], *, columns: int) -> "Figure":
    """A row for each noise, a column for an epoch: of `epochs` (T,), `columns` from the first to the last.

    images: (T, N, C, H, W), 0..1.
    """
    shown = np.unique(np.linspace(0, len(epochs) - 1, columns).round().astype(int))
    rows = [("", of_one) for of_one in images[shown].swapaxes(0, 1)]
    above = [f"epoch {epochs[place]}" if place == 0 else str(epochs[place]) for place in shown]
    return image_rows(rows, heading="The same noise, epoch by epoch", above=above)


def film(images: np.ndarray, epochs: Sequence[int], *, seconds: float) -> bytes:
    """A GIF of a sheet of images (T, N, C, H, W), 0..1, after each of `epochs`; it repeats for ever."""
    from PIL import Image

    columns = round(images.shape[1] ** 0.5)
    frames = []
    for sheet, epoch in zip(images, epochs, strict=True):
        figure = image_sheet(sheet, columns=columns, heading=f"The same noise after epoch {epoch}")
        file = io.BytesIO()
        figure.savefig(file, format="png", dpi=110)
        frames.append(Image.open(file).convert("RGB").quantize(TONES))
    file = io.BytesIO()
    pause = round(1000 * seconds / len(frames))
    frames[0].save(
        file,
        format="GIF",
        save_all=True,
        append_images=frames[1:],
        duration=[pause] * (len(frames) - 1) + [REST],
        loop=0,
    )
    return file.getvalue()
