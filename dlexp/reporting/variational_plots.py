"""Figures of variational autoencoders: what the bound is made of, and which units of the code carry anything."""

from typing import TYPE_CHECKING

import numpy as np

from dlexp.reporting import style
from dlexp.reporting.plots import by_epoch, dots

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame

MOST_NUMBERED = 20  # units up to which each bar has its number
SETTLED = 0.1  # the share of the epochs after which the vertical axis must show all


def bound_by_parts(history: "DataFrame", *, best_epoch: int | None) -> "Figure":
    """What an image costs over the epochs: the reconstruction, and the KL divergence on top of it make up -ELBO.

    `history` has columns `epoch`, `stage/reconstruction` and `stage/kl`, as metrics.csv; `best_epoch` counts from 0.
    """
    figure, (axes,) = style.new_figure(height=style.HEIGHT + 0.3)
    shown = []
    for stage, said, colour, dashes in (
        ("val", "validation", style.COLOURS[0], "solid"),
        ("train", "training", style.COLOURS[1], style.DASHES[1]),
    ):
        reconstruction = by_epoch(history, f"{stage}/reconstruction")
        if not len(reconstruction):
            continue
        whole = reconstruction + by_epoch(history, f"{stage}/kl")
        look = {"linewidth": 1.8, "color": colour, "linestyle": dashes}
        axes.plot(whole.index, whole, label=f"\N{MINUS SIGN}ELBO, {said}", **look, **dots(whole))
        axes.plot(
            reconstruction.index, reconstruction, label=f"reconstruction, {said}", alpha=0.55, **look, **dots(whole)
        )
        if not shown:
            axes.fill_between(whole.index, reconstruction, whole, color=colour, alpha=0.14, linewidth=0, label="KL")
        shown += [line[line.index > SETTLED * len(line)] for line in (reconstruction, whole)]
    if best_epoch is not None:
        axes.axvline(best_epoch + 1, color=style.MUTED, linewidth=0.9, linestyle=(0, (3, 2)), zorder=1)
    low, high = min(map(min, shown)), max(map(max, shown))
    last = max(line.index[-1] for line in shown)
    axes.set_xlim((0.5, 1.5) if last == 1 else (1 - 0.02 * last, last * 1.02))
    axes.set_ylim(low - 0.06 * (high - low) - 0.01, high + 0.06 * (high - low) + 0.01)
    style.title(axes, "\N{MINUS SIGN}ELBO is reconstruction and KL divergence")
    style.axis_names(axes, x="epoch", y="nats an image")
    whole_numbers(axes)
    axes.legend(fontsize=style.SMALL, frameon=False, labelcolor=style.INK)
    return figure


def units(kl: np.ndarray, active: np.ndarray) -> "Figure":
    """The KL divergence (L,) of each unit of a code, the largest first; `active` (L,) tells which carry anything."""
    order = np.argsort(-kl, kind="stable")
    kl, active = np.asarray(kl)[order], np.asarray(active)[order]
    figure, (axes,) = style.new_figure()
    places = np.arange(1, len(kl) + 1)
    for which, said, colour in ((active, "active", style.COLOURS[0]), (~active, "collapsed", style.COLOURS[-1])):
        if which.any():
            axes.bar(places[which], kl[which], color=colour, width=0.8, label=f"{which.sum()} {said}")
    share = 100 * active.mean()
    style.title(axes, f"{active.sum()} of {len(kl)} units of the code are active ({share:.0f} %)")
    style.axis_names(axes, x="units, by their KL divergence", y="KL divergence (nats an image)")
    axes.grid(visible=False, axis="x")
    axes.set_xlim(0.4, len(kl) + 0.6)
    if len(kl) <= MOST_NUMBERED:
        axes.set_xticks(places, order)
        axes.set_xlabel("unit")
    else:
        whole_numbers(axes)
    axes.legend(fontsize=style.SMALL, frameon=False, labelcolor=style.INK)
    return figure


def whole_numbers(axes: "Axes") -> None:
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(nbins=7, steps=[1, 2, 5, 10], integer=True, min_n_ticks=1))
