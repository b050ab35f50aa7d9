"""Two swept keys, read back from the cells."""

import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_rgb
from matplotlib.patches import Rectangle

from dlexp.reporting.heat_map import heat_map


def cells(figure):
    """{(row, column): (text, brightness)}"""
    (axes,) = figure.axes
    patches = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    found = {}
    for text, patch in zip(axes.texts, patches, strict=True):
        x, y = (round(place) for place in text.get_position())
        assert patch.contains_point(axes.transData.transform((x, y)))
        found[y, x] = text.get_text(), sum(to_rgb(patch.get_facecolor()))
    return found


@pytest.mark.parametrize(("name", "texts"), [("val/accuracy", ["50.00", "90.00"]), ("val/loss", ["0.5", "0.9"])])
def test_cells(name, texts, assert_drawn):
    table = pd.DataFrame([[0.5, np.nan], [0.9, 0.7]], index=["$a$", "b"], columns=["0.1", "0.01"])
    figure = heat_map(table, name=name, x="optimizer.lr", y="model", sign=1)
    found = cells(figure)
    assert [found[0, 0][0], found[1, 0][0]] == texts
    assert found[0, 1][0] == "—", "what is missing is seen to be missing"
    assert found[1, 0][1] < found[1, 1][1] < found[0, 0][1], "the best is darkest"
    (axes,) = figure.axes
    assert [label.get_text() for label in axes.get_yticklabels()] == ["$a$", "b"]
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("optimizer.lr", "model")
    assert_drawn(figure)


def test_a_smaller_loss_is_darker():
    found = cells(heat_map(pd.DataFrame([[0.1, 0.2, 0.3]]), name="val/loss", x="x", y="y", sign=-1))
    assert found[0, 0][1] < found[0, 1][1] < found[0, 2][1]


def test_a_run_that_failed_to_learn_does_not_hide_the_others():
    found = cells(heat_map(pd.DataFrame([[0.99, 0.98, 0.97, 0.1]]), name="val/accuracy", x="x", y="y", sign=1))
    assert found[0, 2][1] - found[0, 0][1] > 0.5


@pytest.mark.parametrize("shape", [(1, 2), (2, 1), (24, 24), (2, 24)])
def test_any_shape(shape, assert_drawn):
    table = pd.DataFrame(np.full(shape, 0.5), index=[f"a long name of a network {i}" for i in range(shape[0])])
    assert_drawn(heat_map(table, name="val/accuracy", x="x", y="y", sign=1))
