"""The figures of the adding problem: what is drawn where."""

import numpy as np
import pytest

from dlexp.reporting.adding import answers_and_sums, one_sequence
from dlexp.reporting.gradient_over_time import gradient_over_time
from dlexp.reporting.style import MUTED


def texts(axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def test_answers_against_sums():
    sums, answers = np.array([0.5, 1.0, 1.5]), np.array([0.5, 1.1, 1.5])
    (axes,) = answers_and_sums(answers, sums).axes
    assert axes.get_title(loc="left") == "Mean squared error 0.0033; of always saying 1: 0.17"
    diagonal, constant, points = axes.lines
    assert list(diagonal.get_xdata()) == list(diagonal.get_ydata()) == [0, 2]
    assert set(constant.get_ydata()) == {1}
    assert (list(points.get_xdata()), list(points.get_ydata())) == (list(sums), list(answers))
    assert texts(axes) == ["right", "always 1"]


def test_answers_out_of_range_are_seen():
    (axes,) = answers_and_sums(np.array([-1.0, 3.0]), np.array([0.1, 1.9])).axes
    low, high = axes.get_ylim()
    assert low < -1
    assert high > 3


def test_one_sequence():
    numbers, marked = np.array([0.2, 0.9, 0.4, 0.7]), np.array([False, True, False, True])
    times, answers, slopes = np.array([1, 2, 4]), np.array([0.1, 0.8, 1.58]), np.array([0.0, 1.0, -0.1, 0.9])
    top, middle, bottom = one_sequence(numbers, marked, times, answers, slopes).axes
    assert top.get_title(loc="left") == "A sequence; marked are 0.90 and 0.70"
    assert "1.580 at the end (grey: the sum, 1.600)" in middle.get_title(loc="left")
    assert sorted(top.lines[1].get_xdata()) == [2, 4]  # the marked
    so_far, said = middle.lines
    assert so_far.get_ydata() == pytest.approx([0, 0.9, 0.9, 1.6, 1.6])
    assert list(said.get_xdata()) == [1, 2, 4]
    segments = bottom.collections[0].get_segments()
    assert [segment[1][1] for segment in segments] == pytest.approx(list(slopes))
    assert {line.get_ydata()[0] for line in bottom.lines} == {0, 1}


def test_gradients_from_light_to_dark_on_a_logarithmic_axis():
    norms = {200: [1e-3, 1e-2, 1e-1], 0: [1e-9, 1e-5, 1e-1], 1000: [0.0, 2e-3, 1e-3]}
    (axes,) = gradient_over_time(norms).axes
    assert axes.get_yscale() == "log"
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["untrained", "200 steps", "1,000 steps"]
    assert [line.get_ydata()[1] for line in axes.lines] == [1e-5, 1e-2, 2e-3]
    assert np.isnan(axes.lines[2].get_ydata()[0])  # nothing arrived there
    assert axes.get_xlim()[0] < 1
    assert axes.get_xlim()[1] > 3
    light = [sum(line.get_color()[:3]) for line in axes.lines]
    assert light == sorted(light, reverse=True)
    assert all(line.get_color() != MUTED for line in axes.lines)


def test_gradients_that_are_all_zero():
    (axes,) = gradient_over_time({0: [0.0, 0.0]}).axes
    assert axes.get_yscale() == "linear"
