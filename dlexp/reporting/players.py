"""Two networks that play against each other, over the epochs: their losses, and who is taken for real."""

from typing import TYPE_CHECKING

from dlexp.reporting import style
from dlexp.reporting.plots import by_epoch, dots, finish_curves

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame, Series

LOSSES = {"generator": "train/generator_loss", "discriminator": "train/discriminator_loss"}
SCORES = {"training images": "train/score_real", "validation images": "val/score_real", "generated": "val/score_fake"}


def players(history: "DataFrame", *, undecided: float | None, best_epoch: int | None) -> "Figure":
    """A panel for the losses of both, one for the discriminator's scores of images.

    `history` is as metrics.csv, `best_epoch` counts from 0 as there. Scores are probabilities where there is an
    `undecided` one, which is drawn.
    """
    figure, (left, right) = style.new_figure(columns=2, height=style.HEIGHT + 0.45)
    losses, scores = ({name: by_epoch(history, column) for name, column in of.items()} for of in (LOSSES, SCORES))
    scores = {name: line for name, line in scores.items() if len(line)}
    if undecided is not None:
        right.set_ylim(-0.02, 1.02)
        right.axhline(undecided, color=style.MUTED, linewidth=0.9, linestyle=(0, (1, 2)), zorder=1)
    said = "Taken for real with probability" if undecided is not None else "Score of the discriminator"
    panel(left, losses, "loss", "Loss of each player", best_epoch)
    panel(right, scores, "score", said, best_epoch)
    figure.suptitle(sentence(scores, undecided), x=0.01, ha="left", fontsize=style.TITLE, color=style.INK)
    return figure


def panel(axes: "Axes", lines: "dict[str, Series]", name: str, title: str, best_epoch: int | None) -> None:
    for line, look in zip(lines.values(), style.LOOKS, strict=False):
        axes.plot(line.index, line, linewidth=1.8, **look, **dots(line))
    if best_epoch is not None:
        axes.axvline(best_epoch + 1, color=style.MUTED, linewidth=0.9, linestyle=(0, (3, 2)), zorder=1)
        title += f" · best epoch {best_epoch + 1}"
    finish_curves(axes, lines, name, title)


def sentence(scores: "dict[str, Series]", undecided: float | None) -> str:
    """What the discriminator thinks at the end."""
    ends = ", ".join(f"{name} {line.iloc[-1]:.2f}" for name, line in scores.items())
    guess = "" if undecided is None else f". At {undecided:g} it guesses"
    return f"The discriminator at the end: {ends}{guess}"
