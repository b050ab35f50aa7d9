"""The house style of figures: colours, sizes, and how one becomes PNG or SVG. No pyplot, no global state."""

import io
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, MUTED, GRID, PAPER = "#23272d", "#6b7178", "#e4e5e7", "#fefefe"
# Okabe and Ito's colours, which the colour-blind can tell apart, without the yellow that fades on white.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8a8f96")
DASHES = ("solid", (0, (4, 1.5)), (0, (1, 1.2)), (0, (6, 1.5, 1, 1.5)))
SHADES = ("#ffffff", "#9cc9ea", "#0072b2", "#00365c")  # of a share, from nothing to all
TITLE, TEXT, SMALL = 10.5, 9.5, 8.5  # points
WIDTH, HEIGHT = 5.0, 3.4  # inches, of one panel: legible on a phone, two abreast on a desk


def new_figure(*, columns: int = 1, width: float = WIDTH, height: float = HEIGHT) -> "tuple[Figure, list[Axes]]":
    """A figure of `columns` panels side by side, each `width` x `height` inches."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(columns * width, height), dpi=160, facecolor=PAPER, layout="constrained")
    panels = [figure.add_subplot(1, columns, 1 + column) for column in range(columns)]
    for axes in panels:
        axes.set_facecolor(PAPER)
        axes.spines[["top", "right"]].set_visible(False)
        axes.spines[["left", "bottom"]].set_color(MUTED)
        axes.grid(color=GRID, linewidth=0.8)
        axes.set_axisbelow(True)
        axes.tick_params(colors=MUTED, labelcolor=INK, labelsize=SMALL, length=3, which="major")
        axes.tick_params(length=0, which="minor")
    return figure, panels


def line_style(index: int) -> dict:
    """Colour and dashes of series `index`: each of the 28 combinations once, then again from the first."""
    return {
        "color": COLOURS[index % len(COLOURS)],
        "linestyle": DASHES[index // len(COLOURS) % len(DASHES)],
    }


LOOKS = [line_style(index) for index in range(len(COLOURS) * len(DASHES))]


def title(axes: "Axes", text: str) -> None:
    """What the panel shows, left above it; `text` is never read as mathematics."""
    axes.set_title(text, loc="left", fontsize=TITLE, color=INK, parse_math=False, pad=8)


def axis_names(axes: "Axes", *, x: str, y: str) -> None:
    """Names of both axes, with units."""
    axes.set_xlabel(x, fontsize=TEXT, color=MUTED, parse_math=False)
    axes.set_ylabel(y, fontsize=TEXT, color=MUTED, parse_math=False)


def png(figure: "Figure") -> bytes:
    """The figure as a PNG file."""
    file = io.BytesIO()
    figure.savefig(file, format="png", metadata={"Software": None})
    return file.getvalue()


def svg(figure: "Figure", description: str) -> str:
    """The figure as an <svg> element of an HTML page: text stays text, in the font of the page.

    Ink, grid and paper become the page's CSS variables, so that the figure follows it into the dark.
    """
    from html import escape

    import matplotlib

    file = io.StringIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "dlexp"}):
        figure.savefig(file, format="svg", metadata=nothing)
    text = file.getvalue()
    text = text[text.index("<svg") :]  # an element of the page needs no XML prologue, …
    text = re.sub(r' xmlns(:\w+)?="[^"]*"', "", text)  # … no name spaces, and no identifiers but those in use
    text = re.sub(r'(<g) id="[^"]*"', r"\1", text)
    for colour, variable in ((INK, "--ink"), (MUTED, "--muted"), (GRID, "--grid"), (PAPER, "--paper")):
        text = text.replace(colour, f"var({variable})")
    return text.replace("<svg", f'<svg role="img" aria-label="{escape(description, quote=True)}"', 1)
