"""Labels that do not cover one another."""

import numpy as np
import pytest
from matplotlib.text import Text
from sklearn.isotonic import IsotonicRegression

from dlexp.reporting import style
from dlexp.reporting.labels import label_line_ends, label_points, spread_out


@pytest.mark.parametrize("seed", range(20))
def test_spread_out_is_bounded_isotonic_regression(seed):
    rng = np.random.default_rng(seed)
    wanted, gap, high = rng.uniform(-0.1, 1.1, rng.integers(1, 13)), 0.06, 1.0
    placed = spread_out(wanted, gap, 0.0, high)

    order = np.argsort(wanted)
    steps = gap * np.arange(len(wanted))
    model = IsotonicRegression(y_min=0.0, y_max=high - steps[-1])
    expected = model.fit_transform(np.arange(len(wanted)), wanted[order] - steps) + steps
    np.testing.assert_allclose(placed[order], expected, atol=1e-9)


def test_spread_out_of_too_many_is_even():
    np.testing.assert_allclose(spread_out([0.5] * 11, 0.2, 0.0, 1.0), np.linspace(0, 1, 11))
    assert len(spread_out([], 0.1, 0.0, 1.0)) == 0


def boxes(axes):
    axes.figure.draw_without_rendering()
    return [Text.get_window_extent(text) for text in axes.texts]


def assert_apart(found):
    for i, one in enumerate(found):
        for other in found[:i]:
            width = min(one.x1, other.x1) - max(one.x0, other.x0)
            height = min(one.y1, other.y1) - max(one.y0, other.y0)
            assert min(width, height) <= 1, "two labels lie on one another by more than a pixel"


@pytest.mark.parametrize("seed", range(3))
def test_twelve_points_have_legible_labels(seed):
    rng = np.random.default_rng(seed)
    figure, (axes,) = style.new_figure()
    x, y = 10 ** rng.uniform(3.5, 7.5, 12), 1 - 10 ** rng.uniform(-2.2, -1.5, 12)
    axes.plot(x, y, "o")
    axes.set_xscale("log")
    axes.margins(x=0.16, y=0.16)
    label_points(axes, [(a, b, 0.001, f"resnet{i}_relu", "black") for i, (a, b) in enumerate(zip(x, y, strict=True))])
    found = boxes(axes)
    assert len(found) == 12
    assert_apart(found)
    assert all(figure.bbox.contains(box.x0, box.y0) and figure.bbox.contains(box.x1, box.y1) for box in found)


def test_line_ends_that_meet_have_legible_labels():
    figure, (axes,) = style.new_figure()
    axes.plot([1, 2], [0, 1])
    label_line_ends(axes, [(2, 1.0 - 0.001 * i, f"line {i}", "black") for i in range(6)])
    found = boxes(axes)
    assert_apart(found)
    assert all(box.x1 <= figure.bbox.x1 for box in found)
