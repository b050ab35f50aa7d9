"""The classes of samples beside those of the data, as a classifier sees them."""

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from dlexp.reporting import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BAR = 0.4  # of the distance between two classes
MOST_UPRIGHT = 34  # letters of all classes together that fit side by side
LINE = 84  # letters of the note that fit the width


def mode_plot(
    data: np.ndarray,
    samples: np.ndarray,
    classes: Sequence[str],
    *,
    confidence: tuple[float, float],
    heading: str,
    note: str,
) -> "Figure":
    """Bars of the shares that `data` and `samples`, counts (K,) of each class, have; `confidence`: mean of either."""
    figure, (axes,) = style.new_figure()
    places = np.arange(len(classes))
    named = (
        ("data", data, -BAR / 2, style.GRID, style.MUTED, confidence[0]),
        ("samples", samples, BAR / 2, style.COLOURS[0], style.COLOURS[0], confidence[1]),
    )
    for name, counts, offset, face, edge, sure in named:
        label = f"{name}: the judge is {100 * sure:.1f} % sure on average"
        axes.bar(places + offset, 100 * counts / counts.sum(), BAR, color=face, edgecolor=edge, label=label)
    tilted = {"rotation": 40, "ha": "right", "rotation_mode": "anchor"} if sum(map(len, classes)) > MOST_UPRIGHT else {}
    axes.set_xticks(places, [str(name) for name in classes], parse_math=False, **tilted)
    axes.grid(visible=False, axis="x")
    axes.margins(x=0.02, y=0.3)  # room for the legend
    axes.legend(loc="upper left", frameon=False, fontsize=style.SMALL, labelcolor=style.INK)
    style.axis_names(axes, x="class, as the judge sees it", y="share, %")
    style.title(axes, heading)
    said = textwrap.fill(note.replace(",", ", "), LINE)  # the name of a run has no other places to break
    figure.supxlabel(said, x=0.02, ha="left", fontsize=style.SMALL - 1, color=style.MUTED, parse_math=False)
    return figure
