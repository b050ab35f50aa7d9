"""Words on a plane, those with like vectors beside each other."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from dlexp.reporting import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.transforms import Bbox

FEWEST = 8  # words, of which t-SNE can make a map
NEIGHBOURS = 10  # t-SNE's perplexity: small, so that it shows small groups
SIDE = 5.4  # inches
ROOM = 0.02  # inches, around a word


def word_map(vectors: np.ndarray, words: Sequence[str]) -> "Figure":
    """`vectors` (N, D) of length 1, of N >= 8 `words` from the commonest on, by t-SNE (van der Maaten and Hinton 2008).

    It keeps neighbours together and nothing else: distances across the map and its axes mean nothing. A word that would
    lie on a commoner one stands up to two lines from its place, or is a point. It begins at the principal components:
    the same vectors give the same map.
    """
    from sklearn.manifold import TSNE

    tsne = TSNE(perplexity=min(NEIGHBOURS, (len(words) - 1) / 3), init="pca", random_state=0, n_jobs=1)
    points = tsne.fit_transform(vectors.astype(np.float64))
    figure, (axes,) = style.new_figure(width=SIDE, height=SIDE)
    axes.set_axis_off()
    axes.set_xlim(*spread(points[:, 0]))
    axes.set_ylim(*spread(points[:, 1]))
    style.title(axes, f"{len(words)} common words, by t-SNE of their vectors")
    figure.supxlabel(
        "blue: the commonest third; a point: a word that had no room", fontsize=style.SMALL, color=style.MUTED
    )
    figure.draw_without_rendering()  # settles the layout, which the boxes of words need
    frame = axes.get_window_extent()
    taken, left_over = [], []  # boxes in pixels, and the points (x, y) of words that have no room
    for i, ((x, y), word) in enumerate(zip(points, words, strict=True)):
        colour = style.COLOURS[0] if i < len(words) // 3 else style.INK
        text = axes.text(x, y, word, ha="center", va="center", fontsize=style.SMALL, color=colour, parse_math=False)
        box = text.get_window_extent().padded(ROOM * figure.dpi)
        for lines in (0, 1, -1, 2, -2):
            moved = box.translated(0, 1.05 * lines * box.height)
            inside = frame.x0 < moved.x0 and moved.x1 < frame.x1 and frame.y0 < moved.y0 and moved.y1 < frame.y1
            if inside and not any(moved.overlaps(other) for other in taken):
                text.set_position(axes.transData.inverted().transform(middle(moved)))
                taken.append(moved)
                break
        else:
            text.remove()
            left_over.append((x, y))
    for point in left_over:
        if not any(box.contains(*axes.transData.transform(point)) for box in taken):
            axes.plot(*point, "o", color=style.MUTED, markersize=2.5, markeredgewidth=0, zorder=1)
    return figure


def middle(box: "Bbox") -> tuple[float, float]:
    return (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2


def spread(values: np.ndarray) -> tuple[float, float]:
    """Limits with room for words at the edges."""
    low, high = values.min(), values.max()
    margin = 0.09 * (high - low)
    return low - margin, high + margin
