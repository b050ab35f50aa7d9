"""Words and their nearest ones as a table, shaded by how near."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from dlexp.reporting import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LETTER, BOLD, ROW = 0.08, 0.092, 0.27  # inches: the width of a letter, of a bold one, the height of a row
ROOM = 0.16  # inches, beside a word
MIDDLE = 0.22  # a luminance, on which ink and paper stand out alike


def nearest_words(found: Mapping[str, Sequence[tuple[str, float]]]) -> "Figure":
    """`found` has of each word its neighbours and their cosines, the nearest first: not the same number of all."""
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.patches import Rectangle

    lists = [[(word, None), *near] for word, near in found.items()]
    columns = max(len(one) for one in lists)
    longest = [max(len(one[column][0]) for one in lists if column < len(one)) for column in range(columns)]
    widths = [(LETTER if column else BOLD) * size + ROOM for column, size in enumerate(longest)]  # inches
    edges = [sum(widths[:column]) for column in range(columns + 1)]
    width, height = edges[-1], ROW * len(lists)
    figure, (axes,) = style.new_figure(width=max(width + 0.15, 3.6), height=height + 0.62)
    axes.set_axis_off()
    axes.set_xlim(0, max(width, 3.45))
    axes.set_ylim(height + 0.26, 0)  # from above
    shades = LinearSegmentedColormap.from_list("near", style.SHADES)
    for i, one in enumerate(lists):
        for column, (word, cosine) in enumerate(one):
            colour = style.INK
            if cosine is not None:
                shade = shades(min(max(cosine, 0.0), 1.0))
                colour = style.PAPER if luminance(shade) < MIDDLE else style.INK
                box = ((edges[column], i * ROW), widths[column], ROW)
                axes.add_patch(Rectangle(*box, facecolor=shade, edgecolor=style.PAPER, linewidth=1.5))
            axes.text(
                edges[column] + ROOM / 2,
                (i + 0.5) * ROW,
                word,
                va="center",
                fontsize=style.TEXT,
                color=colour,
                fontweight="bold" if cosine is None else "normal",
                parse_math=False,
            )
    steps = (0.2, 0.4, 0.6, 0.8)
    axes.text(0, height + 0.17, "cosine", va="center", fontsize=style.SMALL, color=style.MUTED)
    for k, step in enumerate(steps):
        place = 0.6 + 0.62 * k
        axes.add_patch(Rectangle((place, height + 0.1), 0.2, 0.14, facecolor=shades(step), edgecolor="none"))
        axes.text(place + 0.26, height + 0.17, f"{step:g}", va="center", fontsize=style.SMALL, color=style.MUTED)
    style.title(axes, "Some words, and those with the nearest vectors")
    return figure


def luminance(colour: Sequence[float]) -> float:
    """Of red, green, blue in sRGB from 0 to 1, as WCAG has it."""
    linear = [x / 12.92 if x <= 0.04045 else ((x + 0.055) / 1.055) ** 2.4 for x in colour[:3]]
    return sum(share * x for share, x in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
