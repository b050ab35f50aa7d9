"""The norm of the gradient at each time step, a line for each moment of the training."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from dlexp.reporting import style
from dlexp.reporting.ticks import plain_log_ticks

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def gradient_over_time(norms: Mapping[int, Sequence[float]]) -> "Figure":
    """Norms (T,) by the number of steps that had been trained, from light to dark; the axis is logarithmic."""
    from matplotlib.colors import LinearSegmentedColormap

    figure, (axes,) = style.new_figure()
    shades = LinearSegmentedColormap.from_list("moments", style.SHADES[1:])
    length = max(map(len, norms.values()), default=1)
    drawn = False
    for place, (steps, values) in enumerate(sorted(norms.items())):
        line = np.where(np.asarray(values, dtype=float) > 0, values, np.nan)  # (T,)
        drawn = drawn or bool(np.isfinite(line).any())
        colour = shades(place / max(1, len(norms) - 1))
        name = f"{steps:,} steps" if steps else "untrained"
        axes.plot(np.arange(1, len(line) + 1), line, color=colour, linewidth=1.8, label=name)
    axes.set_xlim(1 - 0.02 * length, 1.02 * length)  # also where nothing arrives
    if drawn:
        axes.set_yscale("log")
        plain_log_ticks(axes.yaxis, lambda value: f"{value:g}")
    style.axis_names(axes, x="time step of the input", y="norm of the answer's gradient")
    style.title(axes, "How far back the gradient reaches")
    legend = {"loc": "upper left", "bbox_to_anchor": (1.0, 1.0), "frameon": False, "handlelength": 1.4}
    axes.legend(fontsize=style.SMALL, labelcolor=style.INK, **legend)
    return figure
