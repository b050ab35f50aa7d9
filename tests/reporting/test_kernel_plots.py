"""Figures of kernels, paddings, shared weights and shifts."""

import numpy as np
import pytest

from dlexp.reporting.kernel_plots import kernels_and_paddings
from dlexp.reporting.weight_sharing_plots import weight_sharing


@pytest.mark.parametrize(("height", "width"), [(20, 30), (30, 20)])
def test_every_kernel_and_padding_has_a_panel(assert_drawn, height, width):
    random = np.random.default_rng(0)
    coloured = random.random((height, width, 3))
    filtered = {f"kernel_{size}": (random.normal(size=(size, size)), coloured) for size in (1, 3, 5, 7)}
    filtered["edges"] = (np.zeros((1, 3)), np.zeros((height, width)))
    padded = {mode: random.random((height + 10, width + 10, 3)) for mode in ("zeros", "reflect")}
    figure = kernels_and_paddings(filtered, padded, 5)
    assert_drawn(figure)
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert [title for title in titles if title] == [
        *("Kernel 1", "Kernel 3", "Kernel 5", "Kernel 7", "Edges"),
        *("Padding: zeros", "Padding: reflect"),
    ]
    first = figure.axes[0].get_window_extent()
    assert first.height / first.width == pytest.approx(height / width, rel=0.01)
    small = figure.axes[0].child_axes[0].get_window_extent()
    assert small.height == pytest.approx(small.width, rel=0.01)  # square cells, whatever the picture


def test_shared_weights_and_shifts(assert_drawn):
    kernel = np.arange(1, 10).reshape(3, 3)
    errors = {"circular": np.zeros(4), "stride2": np.array([0, 0.5, 0, 0.5]), "dense": np.array([0, 1.4, 1.4, 1.4])}
    figure = weight_sharing(np.eye(36), kernel, errors)
    assert_drawn(figure)
    left, right = figure.axes[:2]
    assert "1,296 weights, 9 different" in left.get_title(loc="left")
    assert len(right.lines) == 3
    assert {text.get_text() for text in right.texts} == {"dense layer", "stride 2", "circular padding"}
