"""The panels of two players: which lines, the guess where there is one, and the sentence above."""

import pandas as pd

from dlexp.reporting.players import players


def history(epochs: int = 6, val: bool = True) -> pd.DataFrame:
    rows = range(epochs)
    table = {
        "epoch": list(rows),
        "train/generator_loss": [1.0 - 0.05 * row for row in rows],
        "train/discriminator_loss": [1.2 + 0.03 * row for row in rows],
        "train/score_real": [0.9 - 0.05 * row for row in rows],
        "train/score_fake": [0.1 + 0.05 * row for row in rows],
    }
    if val:
        table |= {"val/score_real": [0.8 - 0.05 * row for row in rows], "val/score_fake": [0.2] * epochs}
    return pd.DataFrame(table)


def texts(axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def test_both_panels():
    figure = players(history(), undecided=0.5, best_epoch=3)
    left, right = figure.axes
    assert texts(left) == ["generator", "discriminator"]
    assert texts(right) == ["training images", "validation images", "generated"]
    assert right.get_title(loc="left") == "Taken for real with probability · best epoch 4"
    assert right.get_ylim() == (-0.02, 1.02)
    assert any(set(line.get_ydata()) == {0.5} for line in right.lines)
    said = figure.get_suptitle()
    assert said.endswith("training images 0.65, validation images 0.55, generated 0.20. At 0.5 it guesses")


def test_scores_that_are_no_probabilities():
    figure = players(history(), undecided=None, best_epoch=None)
    _, right = figure.axes
    assert right.get_title(loc="left") == "Score of the discriminator"
    assert figure.get_suptitle().endswith("generated 0.20")
    assert len(right.lines) == 3


def test_without_validation_and_in_one_epoch():
    figure = players(history(1, val=False), undecided=0.5, best_epoch=0)
    assert texts(figure.axes[1]) == ["training images"]
