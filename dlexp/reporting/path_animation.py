"""The walks of optimizers as a film: a GIF that any browser and any slide shows."""

import io
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from dlexp.reporting import style
from dlexp.reporting.landscape import Landscape
from dlexp.reporting.path_plots import LOOKS, map_size, name_lines

if TYPE_CHECKING:
    from PIL.Image import Image

INKS = 96  # colours of the film's palette: enough for the ground and the lines
UNCHANGED = 255  # the palette's place for pixels that stay what they were


def animate(
    land: Landscape, trails: np.ndarray, names: Sequence[str], *, frames: int, seconds: float, title: str
) -> bytes:
    """A GIF of paths (T + 1, O, 2), `seconds` long and repeated for ever.

    Early steps, which go far, take more of the `frames` than late ones. The last frame stays for a moment.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    width, height = map_size(land, 4.4)
    figure, (axes,) = style.new_figure(width=width + 1.5, height=height + 0.8)
    figure.set_dpi(110)
    figure.get_layout_engine().set(w_pad=0.1)  # inches: at this few dots the marks would touch the border
    canvas = FigureCanvasAgg(figure)
    land.draw(axes)
    name_lines(axes, names)
    style.title(axes, title)
    lines = [axes.plot([], [], linewidth=1.6, zorder=3, **look)[0] for _, look in zip(names, LOOKS, strict=False)]
    heads = [axes.plot([], [], "o", color=line.get_color(), markersize=7, zorder=4)[0] for line in lines]
    counter = axes.text(0.985, 0.02, "", transform=axes.transAxes, ha="right", fontsize=style.TEXT, color=style.INK)
    canvas.draw()
    ground = canvas.copy_from_bbox(figure.bbox)

    images = []
    for step in chosen_steps(len(trails) - 1, frames):
        canvas.restore_region(ground)
        counter.set_text(f"step {step}")
        for line, head, trail in zip(lines, heads, trails.swapaxes(0, 1), strict=True):
            walked = trail[: step + 1]
            walked = walked[np.isfinite(walked).all(1)]
            line.set_data(*walked.T)
            head.set_data(*walked[-1:].T)
            axes.draw_artist(line)
            axes.draw_artist(head)
        axes.draw_artist(counter)
        images.append(Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3].copy()))
    return as_gif(images, [line.get_color() for line in lines], round(1000 * seconds / len(images)))


def as_gif(images: "list[Image]", colours: Sequence[str], pause: int) -> bytes:
    """Images of one size as a film, `pause` milliseconds each; `colours` are sure to be in its palette.

    A frame holds only the pixels that differ from the frame before: the map is stored once.
    """
    from PIL import Image

    swatches = images[-1].copy()
    side = max(1, swatches.width // len(colours))
    for place, colour in enumerate(colours):
        swatches.paste(colour, (place * side, 0, (place + 1) * side, side))
    palette = swatches.quantize(INKS)
    inked = [np.asarray(image.quantize(palette=palette, dither=Image.Dither.NONE)) for image in images]
    changed = [inked[0], *(np.where(new == old, UNCHANGED, new) for old, new in pairwise(inked))]

    whole = (palette.getpalette() + [0] * 768)[:768]
    frames = [Image.fromarray(pixels.astype(np.uint8), mode="P") for pixels in changed]
    for frame in frames:
        frame.putpalette(whole)
    file = io.BytesIO()
    frames[0].save(
        file,
        format="GIF",
        save_all=True,
        append_images=frames[1:],
        duration=[pause] * (len(frames) - 1) + [2000],
        loop=0,
        transparency=UNCHANGED,
        disposal=1,  # a frame is drawn over the one before
        optimize=False,
    )
    return file.getvalue()


def chosen_steps(last: int, frames: int) -> list[int]:
    """About `frames` steps of 0 to `last`, as squares: close together at first, far apart at the end."""
    return np.unique(np.round(last * np.linspace(0, 1, frames) ** 2).astype(int)).tolist()
