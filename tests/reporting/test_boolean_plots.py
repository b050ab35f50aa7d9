"""Figures of a function of a sum: counts, a perceptron, the network in both forms, a proof."""

from math import comb, inf

import numpy as np
import pytest

from dlexp.reporting.boolean_plots import boolean_function, interval_network, no_plane


def titles(figure) -> list[str]:
    return [axes.get_title(loc="left") for axes in figure.axes]


@pytest.mark.parametrize("dimension", [1, 6, 14, 300])
def test_counts_and_a_perceptron(assert_drawn, dimension):
    sums = np.arange(-dimension, dimension + 1, 2)
    counts = [comb(dimension, ones) for ones in range(dimension + 1)]
    truth = np.abs(sums) <= 2
    figure = boolean_function(sums, counts, truth, separable=False, accuracy=[0.5, 0.75], mistakes=[5, 3])
    assert_drawn(figure)
    left, right = figure.axes
    assert len(left.patches) == dimension + 1
    assert titles(figure)[1] == "The perceptron: 3 mistakes in epoch 2"
    if dimension == 6:
        assert titles(figure)[0] == "f = +1 on 50 of 64 inputs: no plane in between"
        assert [patch.get_height() for patch in left.patches] == counts
    assert right.lines[0].get_ydata().tolist() == [0.5, 0.75]


def test_a_perceptron_that_succeeds(assert_drawn):
    figure = boolean_function(
        np.array([-1, 1]), [1, 1], np.array([True, False]), separable=True, accuracy=[1.0], mistakes=[0]
    )
    assert_drawn(figure)
    assert titles(figure) == [
        "f = +1 on 1 of 2 inputs: a plane in between",
        "The perceptron: no mistake any more in epoch 1",
    ]


@pytest.mark.parametrize(("margin", "bands"), [(1 / 6, 2), (inf, 0)])
@pytest.mark.parametrize("dimension", [6, 40])
def test_networks(assert_drawn, margin, bands, dimension):
    sums = np.linspace(-dimension - 2, dimension + 2, 201)
    output = np.where(np.abs(sums) < 3, 1.0, -1.0)
    responses = {"thresholds": (np.stack([output] * 2, 1), output), "ReLU": (np.stack([sums] * 4, 1), output)}
    possible = np.arange(-dimension, dimension + 1, 2)
    figure = interval_network(sums, responses, possible, np.abs(possible) < 3, margin=margin, dimension=6)
    assert_drawn(figure)
    assert titles(figure) == ["2 hidden units, thresholds", "4 hidden units, ReLU"]
    for axes, units in zip(figure.axes, (2, 4), strict=True):
        assert len(axes.lines) == bands + units + 1
        assert ("shaded" in axes.get_xlabel()) == (bands > 0)


@pytest.mark.parametrize("dimension", [2, 6, 100])
def test_a_proof(assert_drawn, dimension):
    rest = [1, -1] * (dimension // 2 - 1)
    figure = no_plane(np.array([[1, -1, *rest], [-1, 1, *rest], [-1, -1, *rest], [1, 1, *rest]]))
    assert_drawn(figure)
    (axes,) = figure.axes
    assert len(axes.images) == 6
    said = [text.get_text() for text in axes.texts]
    assert said.count("their middle") == 2
    assert ("+1" in said) == (dimension <= 20)
    assert {"f = +1, sum 0", "f = -1, sum -2", "f = -1, sum +2"} <= set(said)
