"""Pages of text, letter by letter: as a model wrote it, or shaded by how much each letter surprised it."""

from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from dlexp.reporting import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = 52  # letters of a line
LETTER, LINE = 0.085, 0.185  # inches: of a cell
FONT = {"family": "monospace", "fontsize": 9.5, "parse_math": False}
MOST_BITS = 8.0  # as dark as it gets
SHADES = (style.PAPER, "#fbdcbb", "#f0935a", "#a83c00")  # from what was expected to what was not
DARK = 0.8  # of the shades: from here on letters are white
NEW_LINE = "\N{DOWNWARDS ARROW WITH CORNER LEFTWARDS}"
NO_PICTURE = "\N{WHITE SQUARE}"  # of a control character, or one that the font lacks


def shaded_text(text: str, bits: np.ndarray) -> "Figure":
    """`text`, each character on a shade of its `bits` (N,)."""
    from matplotlib.colors import LinearSegmentedColormap

    rows, columns = laid_out(text)
    figure, axes = _page(rows[-1] + 1, heading=0.62)
    shades = LinearSegmentedColormap.from_list("surprise", SHADES)
    depth = np.clip(bits / MOST_BITS, 0, 1)
    _cells(axes, columns, rows, shades(depth))
    for letter, row, column, dark in zip(text, rows, columns, depth, strict=True):
        if letter == "\n":
            look = {"color": style.INK if dark < DARK else "white", "alpha": 0.35, "fontsize": 7}
            axes.text(column + 0.5, row + 0.55, NEW_LINE, ha="center", va="center", **(FONT | look))
        elif not letter.isspace():
            _letter(axes, letter, row, column, style.INK if dark < DARK else "white")
    _title(figure, axes, f"The model's surprise at each letter: {np.mean(bits):.2f} bits on average")
    _key(figure, shades)
    return figure


def written_texts(texts: Mapping[str, str]) -> "Figure":
    """Texts under one another, each under its name."""
    pages = {name: list(zip(text, *laid_out(text), strict=True)) for name, text in texts.items()}
    heights = [page[-1][1] + 1 if page else 1 for page in pages.values()]
    figure, axes = _page(sum(heights) + 2 * len(pages) - 1, heading=0.35)
    top = 0
    for (name, page), height in zip(pages.items(), heights, strict=True):
        axes.text(0, top + 0.5, name, va="center", fontsize=style.TEXT, color=style.COLOURS[0], parse_math=False)
        for letter, row, column in page:
            if not letter.isspace():
                _letter(axes, letter, top + 1 + row, column, style.INK)
        top += height + 2
    _title(figure, axes, "What the model writes")
    return figure


def laid_out(text: str) -> tuple[np.ndarray, np.ndarray]:
    """Row and column of each character: lines end where the text has them, and between words where they are too long.

    A line feed and the space at which a line is broken keep a cell at its end.
    """
    rows, columns, row = [], [], 0
    for paragraph in text.split("\n"):
        for line in _broken(f"{paragraph}\n"):
            rows += [row] * len(line)
            columns += range(len(line))
            row += 1
    return np.array(rows[: len(text)]), np.array(columns[: len(text)])


@cache
def has_picture(letter: str) -> bool:
    """Whether these pages can show it, or need not, as it is blank."""
    from matplotlib.font_manager import FontProperties, findfont, get_font

    font = get_font(findfont(FontProperties(family=FONT["family"])))
    return letter.isspace() or (letter.isprintable() and font.get_char_index(ord(letter)) > 0)


def _broken(line: str) -> list[str]:
    """A line in pieces of at most COLUMNS + 1 characters, which put together are the line."""
    pieces = []
    while len(line) > COLUMNS + 1:
        cut = line.rfind(" ", 1, COLUMNS + 1) + 1 or COLUMNS
        pieces.append(line[:cut])
        line = line[cut:]
    return [*pieces, line]


def _page(rows: int, heading: float) -> "tuple[Figure, Axes]":
    """A figure with room for so many rows of letters, and `heading` inches above them; a unit is a cell."""
    from matplotlib.figure import Figure

    margin = 0.15  # inches
    width, height = (COLUMNS + 1) * LETTER + 2 * margin, rows * LINE + heading + margin
    figure = Figure(figsize=(width, height), dpi=160, facecolor=style.PAPER)
    axes = figure.add_axes((margin / width, margin / height, 1 - 2 * margin / width, rows * LINE / height))
    axes.set_xlim(0, COLUMNS + 1)
    axes.set_ylim(rows, 0)
    axes.set_axis_off()
    return figure, axes


def _cells(axes: "Axes", columns: np.ndarray, rows: np.ndarray, colours: np.ndarray) -> None:
    from matplotlib.collections import PolyCollection

    corners = np.array([(0, 0), (1, 0), (1, 1), (0, 1)])
    cells = np.stack([columns, rows], axis=1)[:, None] + corners  # (N, 4, 2)
    axes.add_collection(PolyCollection(cells, facecolors=colours, edgecolors="none"))


def _letter(axes: "Axes", letter: str, row: float, column: float, colour: str) -> None:
    shown = letter if has_picture(letter) else NO_PICTURE
    axes.text(column + 0.5, row + 0.55, shown, ha="center", va="center_baseline", color=colour, **FONT)


def _title(figure: "Figure", axes: "Axes", text: str) -> None:
    left = axes.get_position().x0
    height = figure.get_figheight()
    figure.text(left, 1 - 0.1 / height, text, va="top", fontsize=style.TITLE, color=style.INK, parse_math=False)


def _key(figure: "Figure", shades) -> None:
    """What the shades mean, under the title."""
    width, height = figure.get_size_inches()
    axes = figure.add_axes((0.62 / width, 1 - 0.48 / height, 1.4 / width, 0.1 / height))
    axes.imshow(np.linspace(0, 1, 128)[None], aspect="auto", cmap=shades, interpolation="nearest")
    axes.set_axis_off()
    words = {"va": "center", "fontsize": style.SMALL, "color": style.MUTED}
    figure.text(0.55 / width, 1 - 0.43 / height, "0 bits", ha="right", **words)
    figure.text(2.1 / width, 1 - 0.43 / height, f"{MOST_BITS:g} and more", ha="left", **words)
