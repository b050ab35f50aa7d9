"""Figures of a perceptron's mistakes and of its boundary."""

import math

import numpy as np
import pytest

from dlexp.reporting.perceptron_plots import MOST_LINES, perceptron

WHEN = np.array([0, 1, 5, 30])


def plane(mistakes: int) -> dict:
    random = np.random.default_rng(0)
    planes = np.vstack([np.zeros((1, 3)), random.normal(size=(mistakes - 1, 3))])  # the first has no line
    points = random.normal(size=(20, 2))
    labels = np.arange(20) % 2
    return {"planes": planes, "points": points, "labels": labels, "box": (-3, 3, -2, 2), "axes_names": ("x", "y")}


@pytest.mark.parametrize(
    ("bound", "said", "scale"),
    [
        (5.0, "4 mistakes", "linear"),
        (4000.0, "4 mistakes, 1,000 times fewer than the bound", "log"),
        (math.inf, "4 mistakes and no end: no line separates the classes", "linear"),
        (math.nan, "4 mistakes", "linear"),
    ],
)
def test_mistakes_and_their_bound(assert_drawn, bound, said, scale):
    figure = perceptron(WHEN, met=40, samples=20, bound=bound, plane=None)
    assert_drawn(figure)
    (axes,) = figure.axes
    assert axes.get_title(loc="left") == said
    assert axes.get_yscale() == scale
    x, y = axes.lines[0].get_data()
    assert x.tolist() == [0, 1 / 20, 2 / 20, 6 / 20, 31 / 20, 2]
    assert y.tolist() == [0, 1, 2, 3, 4, 4]
    assert len(axes.lines) == 1 + math.isfinite(bound)
    assert axes.get_ylim()[1] >= (bound if math.isfinite(bound) else 4)


@pytest.mark.parametrize("mistakes", [1, 2, 5, 500])
def test_boundaries(assert_drawn, mistakes):
    figure = perceptron(np.arange(mistakes), met=600, samples=20, bound=math.inf, plane=plane(mistakes))
    assert_drawn(figure)
    left, _ = figure.axes
    assert len(left.lines) == min(mistakes - 1, MOST_LINES)
    assert ("of 500 mistakes" in left.get_title(loc="left")) == (mistakes == 500)
    if mistakes > 1:  # the last line is that of the last plane
        x, y, bias = plane(mistakes)["planes"][-1]
        for point in (left.lines[-1].get_xy1(), left.lines[-1].get_xy2()):
            assert x * point[0] + y * point[1] + bias == pytest.approx(0, abs=1e-9)


def test_without_a_mistake(assert_drawn):
    assert_drawn(perceptron(np.array([], int), met=20, samples=20, bound=9.0, plane=None))
