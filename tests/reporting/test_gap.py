"""The generalisation gap, read back from the figure."""

import numpy as np
import pandas as pd
import pytest

from dlexp.reporting.gap import gap_curves


def history(epochs: int) -> pd.DataFrame:
    place = np.arange(epochs)
    return pd.DataFrame(
        {
            "epoch": place,
            "train/eval_loss": np.exp(-place / 5.0),
            "val/loss": np.exp(-place / 5.0) + 0.1 + 0.02 * place,
            "train/eval_accuracy": 1 - 0.3 * np.exp(-place / 5.0),
            "val/accuracy": 0.92 - 0.3 * np.exp(-place / 5.0),
        }
    )


@pytest.mark.parametrize("epochs", [1, 2, 30])
def test_both_curves_with_the_gap_between_them(epochs, assert_drawn):
    table = history(epochs)
    figure = gap_curves(table, best_epoch=epochs - 1, stopped=False)
    for axes, name in zip(figure.axes, ("loss", "accuracy"), strict=True):
        train, val = axes.lines[:2]
        np.testing.assert_array_equal(train.get_ydata(), table[f"train/eval_{name}"])
        np.testing.assert_array_equal(val.get_ydata(), table[f"val/{name}"])
        (filled,) = axes.collections
        assert len(filled.get_paths()) == 1
    assert_drawn(figure)


def test_bias_and_variance_in_words():
    table = pd.DataFrame(
        {
            "epoch": [0, 1, 2],
            "train/eval_loss": [1.0, 0.5, 0.1],
            "val/loss": [1.2, 0.75, 0.9],
            "train/eval_accuracy": [0.7, 0.98, 1.0],
            "val/accuracy": [0.71, 0.9, 0.88],
        }
    )
    figure = gap_curves(table, best_epoch=1, stopped=True)
    assert figure.get_suptitle() == (
        "Best epoch, 2: 2.0 % wrong in training (bias), 8.0 points more in validation (variance). "
        "Stopped early, after epoch 3."
    )
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["Loss · gap 0.25", "Accuracy · gap 8.0 points"]
    first = gap_curves(table[:1], best_epoch=None, stopped=False).get_suptitle()
    assert first == "Last epoch, 1: 30.0 % wrong in training (bias), no more in validation (no variance)."


def test_a_best_epoch_without_validation(assert_drawn):
    table = history(4)
    table.loc[2, ["train/eval_loss", "val/loss", "train/eval_accuracy", "val/accuracy"]] = np.nan
    assert_drawn(gap_curves(table, best_epoch=2, stopped=False))
