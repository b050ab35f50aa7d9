"""What the figures of the plane show, read back from their axes."""

import numpy as np
import pytest

from dlexp.reporting.decision_regions import DEPTH, decision_regions, decision_regions_growth
from dlexp.reporting.style import COLOURS, PAPER

matplotlib_colors = pytest.importorskip("matplotlib.colors")
BOX = (-2.0, 2.0, -1.0, 1.0)


def halves(cells: int, classes: int = 2) -> np.ndarray:
    """Class 0 left, class 1 right, both sure away from the middle; the further classes nowhere."""
    x = np.linspace(-4, 4, cells)
    right = 1 / (1 + np.exp(-4 * x))
    row = np.stack([1 - right, right, *[np.zeros(cells)] * (classes - 2)], 1)
    return np.broadcast_to(row, (cells, cells, classes))


def points(count: int, classes: int = 2) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(0)
    return random.uniform(-1, 1, (count, 2)), np.arange(count) % classes


def draw(labels: np.ndarray, predicted: np.ndarray, where: np.ndarray, classes: int = 2):
    return decision_regions(
        halves(20, classes),
        box=BOX,
        points=where,
        labels=labels,
        predicted=predicted,
        classes=["a_b & $c$", *"xyz"][:classes],
        axes_names=("grade $g$", "y"),
        heading="Regions · 90 %",
    )


@pytest.mark.parametrize("classes", [2, 4])
def test_one_panel(classes, assert_drawn):
    where, labels = points(30, classes)
    predicted = labels.copy()
    predicted[:3] = (labels[:3] + 1) % classes
    figure = draw(labels, predicted, where, classes)
    assert_drawn(figure)
    (axes,) = figure.axes
    assert (*axes.get_xlim(), *axes.get_ylim()) == BOX
    right, wrong = (c for c in axes.collections if len(c.get_offsets()) in (27, 3))
    assert np.array_equal(right.get_offsets(), where[3:])
    assert np.array_equal(wrong.get_offsets(), where[:3])
    named = [text.get_text() for text in axes.get_legend().get_texts()]
    assert len(named) == classes + 1


def test_without_mistakes_the_legend_has_none(assert_drawn):
    where, labels = points(10)
    figure = draw(labels, labels, where)
    assert_drawn(figure)
    assert len(figure.axes[0].get_legend().get_texts()) == 2


def test_colours_are_those_of_the_likelier_class_and_paper_where_nothing_is_known():
    where, labels = points(4)
    pixels = draw(labels, labels, where).axes[0].images[0].get_array()
    paper = np.array(matplotlib_colors.to_rgb(PAPER))
    for column, colour in ((0, COLOURS[0]), (-1, COLOURS[1])):
        expected = (1 - DEPTH) * paper + DEPTH * np.array(matplotlib_colors.to_rgb(colour))
        assert np.allclose(pixels[5, column], expected, atol=1e-3)
    middle = np.abs(pixels[5, 9:11] - paper).max()
    assert middle < np.abs(pixels[5, 0] - paper).max()


@pytest.mark.parametrize("panels", [1, 3, 8])
def test_growth(panels, assert_drawn):
    where, labels = points(20)
    shares = [np.full((10, 10, 2), 0.5), *[halves(10)] * (panels - 1)]  # the first one knows nothing: no line
    titles = [f"epoch {n} · {n} %" for n in range(panels)]
    figure = decision_regions_growth(shares, titles, box=BOX, points=where, labels=labels, heading="as they grow")
    assert_drawn(figure)
    shown = [axes for axes in figure.axes if axes.axison]
    assert [axes.get_title() for axes in shown] == titles
    assert all(len(axes.collections[-1].get_offsets()) == 20 for axes in shown)


@pytest.mark.parametrize("box", [(0.0, 1.0, 0.0, 50.0), (0.0, 50.0, 0.0, 1.0)])
def test_a_long_plane_is_drawn_on_a_page(box):
    where, labels = points(5)
    figure = decision_regions_growth(
        [halves(10)] * 2, ["", ""], box=box, points=where, labels=labels, heading="as they grow"
    )
    assert max(figure.get_size_inches()) < 8
