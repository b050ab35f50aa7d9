"""What the figure of weights shows, read back from its axes."""

import numpy as np
import pytest

from dlexp.reporting.weight_images import weight_images


def pictures(count: int, channels: int = 1) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(count, channels, 6, 5))


@pytest.mark.parametrize("count", [1, 2, 13])
@pytest.mark.parametrize("named", [True, False])
def test_all_on_one_symmetric_scale(count, named, assert_drawn):
    images = pictures(count)
    names = [f"$c_{n}$ & <b>" for n in range(count)] if named else None
    figure = weight_images(images, names=names, heading="weights of $x$")
    assert_drawn(figure)
    shown = [axes for axes in figure.axes if axes.images]
    assert len(shown) == count
    assert [axes.get_title() for axes in shown] == (names or [""] * count)
    scales = {(axes.images[0].norm.vmin, axes.images[0].norm.vmax) for axes in shown}
    ((low, high),) = scales
    assert low == -high
    assert high == pytest.approx(np.abs(images).max(), rel=0.3)
    assert all(np.array_equal(axes.images[0].get_array(), image[0]) for axes, image in zip(shown, images, strict=True))
    assert len(figure.axes) - len([axes for axes in figure.axes if not axes.axison]) == count + 1  # and a colour bar


def test_rows_are_full_where_they_can_be():
    figure = weight_images(pictures(10), names=list("abcdefghij"), heading="")
    grid = figure.axes[0].get_subplotspec().get_gridspec()
    assert (grid.nrows, grid.ncols) == (2, 5)


def test_channels_are_averaged_and_a_network_of_zeros_is_drawn(assert_drawn):
    images = pictures(3, channels=3)
    figure = weight_images(images, names=None, heading="")
    assert np.allclose(figure.axes[0].images[0].get_array(), images[0].mean(0))
    assert_drawn(weight_images(0 * images, names=None, heading=""))
