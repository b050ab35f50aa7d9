"""Maps of codes and figures of anomalies: drawn for what is usual and for what is not."""

import numpy as np
import pytest

from dlexp.reporting.anomalies import anomalies
from dlexp.reporting.codes import code_map

RANDOM = np.random.default_rng(0)


@pytest.mark.parametrize("units", [1, 3, 200])
def test_code_map(assert_drawn, units):
    labels = np.repeat(np.arange(3), 10)
    figure = code_map(RANDOM.normal(size=(30, units)), labels, ("zero", "T-shirt/top", "two"))
    assert_drawn(figure)
    axes = figure.axes[0]
    assert [text.get_text() for text in axes.get_yticklabels()] == ["zero", "T-shirt/top", "two"]
    assert axes.get_yticks().tolist() == [4.5, 14.5, 24.5]


def test_the_units_of_a_code_map_descend_and_are_absolute():
    codes = np.array([[1.0, -5.0, 3.0], [1.0, -7.0, 2.0]])
    (image,) = code_map(codes, np.array([0, 0]), ("a",)).axes[0].get_images()
    assert np.asarray(image.get_array()).tolist() == [[5, 3, 1], [7, 2, 1]]


def test_a_code_map_without_a_class_and_of_a_silent_code(assert_drawn):
    figure = code_map(np.zeros((4, 2)), np.array([0, 0, 2, 2]), ("a", "b", "c"))
    assert_drawn(figure)
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == ["a", "c"]


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("count", [1, 8, 16])
def test_anomalies(assert_drawn, channels, count):
    errors, strange = RANDOM.random(100), np.arange(100) < 10
    images, framed = RANDOM.random((count, channels, 8, 8)), np.arange(count) % 2 == 0
    figure = anomalies(errors, strange, images, framed, name="Ankle boot", auc=0.9)
    assert_drawn(figure)
    upper, lower = figure.subfigs
    assert "AUC 0.900" in upper.axes[0].get_title(loc="left")
    assert "Ankle boot: never seen" in [text.get_text() for text in upper.axes[0].get_legend().get_texts()]
    framed_in = [axes for axes in lower.axes if axes.spines["top"].get_visible()]
    assert len(framed_in) == framed.sum()
    heights = [patch.get_height() for patch in upper.axes[0].patches]
    assert sum(heights) == pytest.approx(2)  # of each group all


def test_anomalies_that_there_are_none_of(assert_drawn):
    images = RANDOM.random((4, 1, 8, 8))
    nothing = np.zeros(20, dtype=bool)
    assert_drawn(anomalies(np.zeros(20), nothing, images, nothing[:4], name="b", auc=0.0))
