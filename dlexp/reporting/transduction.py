"""Figures of encoder-decoders: where an answer looks, letter by letter, and what it got wrong."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from dlexp.reporting import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CELL, BESIDE, ABOVE = 0.19, 0.36, 0.36  # inches: a letter's place in a map, and the room of letters around it
MOST_COLUMNS = 2  # maps side by side
ROW, LETTER = 0.27, 0.085  # inches: the height of a table's row, the width of a letter
HEADS = ("word", "answer", "right answer")
KEY = "compared place by place; _ is a letter that is missing"


def attention_maps(maps: Sequence[tuple[Sequence[str], Sequence[str], np.ndarray]]) -> "Figure":
    """Of each word its letters, those of the answer (its end among them), and weights (answer, word), 0 to 1.

    Every letter takes the same room, in maps of short words too.
    """
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.figure import Figure

    shades = LinearSegmentedColormap.from_list("weight", style.SHADES)
    rows = [maps[first : first + MOST_COLUMNS] for first in range(0, len(maps), MOST_COLUMNS)]
    columns = [maps[first::MOST_COLUMNS] for first in range(min(MOST_COLUMNS, len(maps)))]
    widths = [CELL * max(len(word) for word, *_ in column) + BESIDE for column in columns]  # inches
    heights = [CELL * max(len(answer) for _, answer, _ in row) + ABOVE for row in rows]
    width, height = max(sum(widths) + 0.1, 3.9), sum(heights) + 0.5
    figure = Figure(figsize=(width, height), dpi=160, facecolor=style.PAPER)
    said = "Where each letter of the answer (rows) looks: dark is 1; · is its end"
    words = {"color": style.INK, "parse_math": False}
    figure.text(0.1 / width, 1 - 0.1 / height, said, va="top", fontsize=style.TITLE, **words)
    for place, (word, answer, weights) in enumerate(maps):
        row, column = divmod(place, MOST_COLUMNS)
        left, top = sum(widths[:column]) + BESIDE, 0.4 + sum(heights[:row]) + ABOVE  # inches
        across, down = CELL * len(word), CELL * len(answer)
        box = (left / width, 1 - (top + down) / height, across / width, down / height)
        axes = figure.add_axes(box)
        axes.imshow(weights, cmap=shades, vmin=0, vmax=1, interpolation="nearest", aspect="auto")
        axes.spines[:].set_color(style.GRID)
        axes.xaxis.tick_top()
        axes.set_xticks(range(len(word)), word, fontsize=style.SMALL, **words)
        axes.set_yticks(range(len(answer)), answer, fontsize=style.SMALL, **words)
        axes.tick_params(length=0, pad=2)
    return figure


def mistakes(rows: Sequence[tuple[str, str, str]], *, wrong: int, of: int) -> "Figure":
    """A table of words, answers and right answers; where `wrong` of all `of` words is 0, they are right ones. Letters
    of an answer that are wrong at their place, or missing, have a colour, and a line below says so.
    """
    longest = [max(len(head), *(len(row[column]) for row in rows)) for column, head in enumerate(HEADS)]
    longest[1] = max(longest[1], *(len(right) for *_, right in rows))  # with what is missing
    widths = [LETTER * length + 0.25 for length in longest]  # inches
    edges = [sum(widths[:column]) for column in range(len(HEADS))]
    width, height = max(sum(widths), 3.4), ROW * (len(rows) + (2 if wrong else 1))
    figure, (axes,) = style.new_figure(width=width + 0.2, height=height + 0.45)
    axes.set_axis_off()
    axes.set_xlim(0, width)
    axes.set_ylim(height, 0)  # from above
    for edge, head in zip(edges, HEADS, strict=True):
        axes.text(edge, ROW / 2, head, va="center", fontsize=style.SMALL, color=style.MUTED)
    letter = {"va": "center", "fontsize": style.TEXT, "family": "monospace", "parse_math": False}
    for i, (word, answer, right) in enumerate(rows, start=1):
        for head, edge, text in zip(HEADS, edges, (word, answer, right), strict=True):
            for place, sign in enumerate(text):
                off = head == "answer" and (place >= len(right) or sign != right[place])
                colour = style.COLOURS[1] if off else style.INK
                axes.text(edge + LETTER * place, (i + 0.5) * ROW, sign, color=colour, **letter)
        if len(answer) < len(right):  # it ended too early
            missing = "_" * (len(right) - len(answer))
            for place, sign in enumerate(missing, start=len(answer)):
                axes.text(edges[1] + LETTER * place, (i + 0.5) * ROW, sign, color=style.COLOURS[1], **letter)
    if wrong:
        axes.text(0, height - ROW / 2, KEY, va="center", fontsize=style.SMALL, color=style.COLOURS[1])
    said = f"{wrong:,} of {of:,} test words are answered wrong, such as"
    style.title(axes, said if wrong else f"No mistake in {of:,} test words, such as")
    return figure
