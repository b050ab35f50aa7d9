"""A metric over two swept keys: a cell for each combination, darker where it is better."""

from typing import TYPE_CHECKING

import numpy as np

from dlexp.reporting import quantities, style

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

ON_LIGHT, ON_DARK = "#22262c", "#ffffff"  # a cell keeps its colour on a dark page, so its text keeps its own
LONGEST = 20  # characters of a value beside the map


def heat_map(cells: "DataFrame", *, name: str, x: str, y: str, sign: int) -> "Figure":
    """The metric `name` (`val/accuracy`): values of `y` as rows, of `x` as columns, NaN where nothing finished.

    `sign` is 1 where larger is better, else -1.
    """
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.patches import Rectangle

    rows, columns = cells.shape
    figure, (axes,) = style.new_figure(width=max(style.WIDTH, 1.6 + 0.62 * columns), height=max(2.2, 1.2 + 0.34 * rows))
    shades = LinearSegmentedColormap.from_list("paper", style.SHADES[:3])
    depth = _depth(sign * cells.to_numpy(dtype=float))
    for row, column in np.ndindex(rows, columns):
        value, dark = cells.iloc[row, column], depth[row, column]
        known = np.isfinite(value)
        face = {"facecolor": shades(dark)} if known else {"facecolor": style.PAPER, "hatch": "////"}
        edge = style.PAPER if known else style.GRID
        axes.add_patch(Rectangle((column - 0.48, row - 0.46), 0.96, 0.92, edgecolor=edge, linewidth=0, **face))
        axes.text(
            column,
            row,
            _in_cell(name, value) if known else quantities.ABSENT,
            ha="center",
            va="center",
            fontsize=style.SMALL,
            color=style.MUTED if not known else ON_DARK if dark > 0.72 else ON_LIGHT,
        )
    axes.set_xlim(-0.5, columns - 0.5)
    axes.set_ylim(rows - 0.5, -0.5)
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    _marks(axes.set_xticks, cells.columns)
    _marks(axes.set_yticks, cells.index)
    if max(len(str(value)) for value in cells.columns) > 7:
        for label in axes.get_xticklabels():
            label.set(rotation=45, ha="right", rotation_mode="anchor")
    style.axis_names(axes, x=x, y=y)
    unit = " (%)" if quantities.is_share(name) else ""
    style.title(axes, f"{quantities.heading(name)}{unit}, darker is better")
    return figure


def _depth(goodness: np.ndarray) -> np.ndarray:
    """How dark each cell is, 0 to 1. What lies far below the median is as light as it gets: the rest needs the room."""
    known = goodness[np.isfinite(goodness)]
    best, middle = known.max(), np.median(known)
    low = max(known.min(), best - 4 * (best - middle)) if best > middle else known.min()
    return 0.06 + 0.94 * np.clip((goodness - low) / (best - low), 0, 1) if best > low else np.full(goodness.shape, 0.5)


def _in_cell(name: str, value: float) -> str:
    return f"{100 * value:.2f}" if quantities.is_share(name) else f"{value:.3g}"


def _marks(setter, values) -> None:
    texts = [text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…" for text in map(str, values)]
    setter(range(len(texts)), texts, parse_math=False)
