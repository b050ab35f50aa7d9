"""Training and validation over the epochs, judged alike: what lies between them is the generalisation gap."""

from typing import TYPE_CHECKING

from dlexp.reporting import quantities, style
from dlexp.reporting.plots import by_epoch, dots, finish_curves

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame, Series

NAMES = ("loss", "accuracy")


def gap_curves(history: "DataFrame", *, best_epoch: int | None, stopped: bool) -> "Figure":
    """A panel for the loss and one for the accuracy, the gap between both curves filled, the best epoch marked.

    `history` has columns `epoch`, `train/eval_loss`, `val/loss` and the same of the accuracy, as metrics.csv;
    `best_epoch` counts from 0, as they do. `stopped`: training ended before its time, by early stopping.
    """
    figure, panels = style.new_figure(columns=2, height=style.HEIGHT + 0.45)
    curves = {name: (by_epoch(history, f"train/eval_{name}"), by_epoch(history, f"val/{name}")) for name in NAMES}
    for axes, (name, (train, val)) in zip(panels, curves.items(), strict=True):
        panel(axes, name, train, val, best_epoch)
    figure.suptitle(
        sentence(*curves["accuracy"], best_epoch, stopped), x=0.01, ha="left", fontsize=style.TITLE, color=style.INK
    )
    return figure


def panel(axes: "Axes", name: str, train: "Series", val: "Series", best_epoch: int | None) -> None:
    colours = style.COLOURS
    for line, colour in ((train, colours[0]), (val, colours[1])):
        axes.plot(line.index, line, linewidth=1.8, color=colour, **dots(line))
    together = train.index.intersection(val.index)
    axes.fill_between(together, train[together], val[together], color=colours[4], alpha=0.22, linewidth=0)
    title = quantities.heading(name)
    best = best_epoch + 1 if best_epoch is not None else None
    if best in together:
        axes.axvline(best, color=style.MUTED, linewidth=0.9, linestyle=(0, (3, 2)), zorder=1)
        axes.plot([best, best], [train[best], val[best]], color=style.INK, linewidth=2.2, solid_capstyle="butt")
        for line, colour in ((train, colours[0]), (val, colours[1])):
            axes.plot(best, line[best], "o", markersize=6.5, color=colour, markeredgecolor=style.PAPER)
        title += f" · gap {distance(name, train[best], val[best])}"
    finish_curves(axes, {"training": train, "validation": val}, name, title)


def distance(name: str, train: float, val: float) -> str:
    return f"{100 * abs(train - val):.1f} points" if quantities.is_share(name) else f"{abs(val - train):.3g}"


def sentence(train: "Series", val: "Series", best_epoch: int | None, stopped: bool) -> str:
    """The gap in the words of bias and variance."""
    at = best_epoch + 1 if best_epoch is not None else val.index[-1]
    if at not in train.index or at not in val.index:
        return "Training and validation, judged alike"
    gap = 100 * (train[at] - val[at])
    ended = f"Stopped early, after epoch {val.index[-1]}." if stopped else ""
    which = f"{'Best' if best_epoch is not None else 'Last'} epoch, {at}"
    more = f"{gap:.1f} points more in validation (variance)" if gap >= 0 else "no more in validation (no variance)"
    return f"{which}: {100 * (1 - train[at]):.1f} % wrong in training (bias), {more}. {ended}".strip()
