"""What a run found along a scale: kept and read back, and drawn with what it is held against."""

import json

import numpy as np
import pandas as pd
import pytest

from dlexp.reporting.profile import Profile, as_table, keep, kept, profile_figure

FALLING = Profile(
    title="Norm of the gradient",
    x_name="time step",
    y_name="norm",
    x=[1, 2, 3, 4],
    y=[1.0, 0.1, 0.0, None],
    logarithmic=True,
    trained=[2, 3],
    baseline=0.01,
    baseline_name="guessing",
)


def test_what_is_kept_is_read_back(tmp_path):
    plain = Profile(title="Accuracy", x_name="length", y_name="accuracy", x=[1, 2], y=[1.0, 0.5])
    keep(tmp_path, "falling", FALLING)
    keep(tmp_path, "accuracy", plain)
    assert kept(tmp_path) == {"accuracy": plain, "falling": FALLING}
    assert kept(tmp_path / "nowhere") == {}


def test_what_is_not_finite_was_not_measured(tmp_path):
    lines = {"title": "Accuracy", "x_name": "length", "y_name": "accuracy", "x": [1, 2, 3]}
    keep(tmp_path, "accuracy", Profile(**lines, y=[1.0, float("nan"), float("inf")]))
    assert kept(tmp_path)["accuracy"].y == [1.0, None, None]
    text = (tmp_path / "profiles" / "accuracy.json").read_text()
    assert "NaN" not in text
    assert "Infinity" not in text


@pytest.mark.parametrize("content", ["", "{", "[1]", json.dumps({"x": [1]})])
def test_a_broken_file_is_left_out(tmp_path, content):
    keep(tmp_path, "falling", FALLING)
    (tmp_path / "profiles" / "broken.json").write_text(content)
    assert list(kept(tmp_path)) == ["falling"]


def test_the_figure_has_a_line_for_each_table_and_the_level_it_is_held_against():
    seeds = pd.DataFrame({0: [1.0, 0.1], 1: [3.0, 0.3]}, index=[1, 2])
    figure = profile_figure(FALLING, {"lstm": seeds, "elman": as_table(FALLING)})
    (axes,) = figure.axes
    assert axes.get_yscale() == "log"
    assert (axes.get_title(loc="left"), axes.get_xlabel(), axes.get_ylabel()) == (
        "Norm of the gradient",
        "time step",
        "norm",
    )
    means, falling, level = axes.lines
    np.testing.assert_allclose(means.get_ydata(), [2.0, 0.2])
    np.testing.assert_allclose(falling.get_xdata(), [1, 2], err_msg="0 has no place on a logarithm, nor has nothing")
    np.testing.assert_allclose(level.get_ydata(), 0.01)
    assert [text.get_text() for text in axes.texts] == ["lstm", "elman", "guessing"]
    shade, *bands = (*axes.patches, *axes.collections)
    np.testing.assert_allclose(shade.get_extents().transformed(axes.transData.inverted()).intervalx, [2, 3])
    assert len(bands) == 2
