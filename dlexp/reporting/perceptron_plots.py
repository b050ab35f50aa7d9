"""A perceptron's mistakes over time beside the bound on them, and its boundary in the plane after each of them."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from dlexp.reporting import style
from dlexp.reporting.decision_regions import scatter, tallness

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MOST_LINES = 30  # boundaries that are drawn
LIGHT, DARK = "#d3d5d9", style.INK


def perceptron(when: np.ndarray, *, met: int, samples: int, bound: float, plane: Mapping[str, Any] | None) -> "Figure":
    """`when` (M,): which of the samples met (there were `met`) were mistakes; an epoch has `samples`.

    `bound` on the mistakes: infinite where no plane separates the classes, NaN where it is not known.
    `plane`: `points` (N, 2), `labels` (N,), `box`, `axes_names` and `planes` (M, 3), the weights and the bias after
    each mistake; or None, and there is one panel only.
    """
    if plane is None:
        figure, (right,) = style.new_figure()
    else:
        height = 4.2 * tallness(plane["box"]) + 0.5
        figure, (left, right) = style.new_figure(columns=2, width=5.0, height=max(height, style.HEIGHT))
        boundaries(left, **plane)
    mistakes(right, when, met, samples, bound)
    return figure


def boundaries(
    axes: "Axes",
    *,
    planes: np.ndarray,
    points: np.ndarray,
    labels: np.ndarray,
    box: tuple[float, float, float, float],
    axes_names: tuple[str, str],
) -> None:
    """The lines w x + b = 0, from light to dark; the last one heavy."""
    from matplotlib.colors import LinearSegmentedColormap

    left, right, bottom, top = box
    axes.set_xlim(left, right)
    axes.set_ylim(bottom, top)
    axes.set_aspect("equal")
    axes.grid(visible=False)
    shades = LinearSegmentedColormap.from_list("time", [LIGHT, DARK])
    lines = planes[(planes[:, :2] ** 2).sum(1) > 0]
    shown = np.unique(np.linspace(0, max(len(lines) - 1, 0), MOST_LINES).round().astype(int)) if len(lines) else []
    for place, (x, y, bias) in enumerate(lines[shown]):
        last = place == len(shown) - 1
        foot = -bias * np.array([x, y]) / (x**2 + y**2)  # the place of the line that is nearest to the origin
        look = {"color": shades(place / max(len(shown) - 1, 1)), "linewidth": 2.4 if last else 0.9}
        axes.axline(foot, foot + np.array([-y, x]) / np.hypot(x, y), zorder=1 + last, **look)
    scatter(axes, points, labels, size=16)
    style.axis_names(axes, x=axes_names[0], y=axes_names[1])
    each = "each mistake" if len(lines) <= MOST_LINES else f"{len(shown)} of {len(planes):,} mistakes"
    style.title(axes, f"The boundary after {each}, light to dark")


def mistakes(axes: "Axes", when: np.ndarray, met: int, samples: int, bound: float) -> None:
    """How many there were, over epochs."""
    from matplotlib.ticker import FuncFormatter, MaxNLocator

    time = np.concatenate([[0], when + 1, [met]]) / samples
    count = np.concatenate([np.arange(len(when) + 1), [len(when)]])
    axes.plot(time, count, color=style.COLOURS[0], linewidth=1.9, drawstyle="steps-post", zorder=3)
    axes.set_xlim(0, met / samples)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=7, steps=[1, 2, 5, 10], integer=met > 3 * samples))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))
    said = f"{len(when):,} mistake{'' if len(when) == 1 else 's'}"
    if np.isfinite(bound):
        axes.axhline(bound, color=style.COLOURS[1], linewidth=1.6, linestyle=style.DASHES[1])
        name = f"never more than (R / margin)² = {bound:,.0f}"
        far = bound > 4 * max(len(when), 1)
        if far:
            axes.set_yscale("log")
            axes.set_ylim(0.8, bound * 2.2)
            from dlexp.reporting.ticks import plain_log_ticks

            plain_log_ticks(axes.yaxis, lambda value: f"{value:,.0f}")
        else:
            axes.set_ylim(0, bound * 1.15)
        axes.annotate(
            name,
            (1, bound),
            xycoords=("axes fraction", "data"),
            xytext=(-4, 4),
            textcoords="offset points",
            ha="right",
            fontsize=style.SMALL,
            color=style.INK,
        )
        said += f", {bound / max(len(when), 1):,.0f} times fewer than the bound" if far else ""
    else:
        axes.set_ylim(bottom=0)
        said += " and no end: no line separates the classes" if np.isinf(bound) else ""
    style.title(axes, said)
    style.axis_names(axes, x="epoch", y="mistakes so far")
