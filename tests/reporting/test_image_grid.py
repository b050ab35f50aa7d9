"""Sheets and rows of images: each pixel where it belongs, grey and colour."""

import numpy as np
import pytest

from dlexp.reporting.image_grid import GAP, LEAST, image_rows, image_sheet, sheet


def images(count: int, channels: int = 1, height: int = 4, width: int = 4) -> np.ndarray:
    return np.random.default_rng(0).random((count, channels, height, width))


@pytest.mark.parametrize("channels", [1, 3])
def test_a_sheet_goes_row_by_row(channels: int) -> None:
    shown = images(5, channels)
    picture = sheet(shown, 3)
    side = LEAST  # 4 pixels, enlarged by a whole number
    assert picture.shape == (2 * (side + GAP) + GAP, 3 * (side + GAP) + GAP, 3)
    assert picture.dtype == np.uint8
    for place, image in enumerate(shown):
        y, x = divmod(place, 3)
        top, left = GAP + y * (side + GAP), GAP + x * (side + GAP)
        tile = picture[top : top + side : side // 4, left : left + side : side // 4]
        wanted = np.broadcast_to((image * 255).round().transpose(1, 2, 0), (4, 4, 3))
        np.testing.assert_array_equal(tile, wanted)
    assert (picture[-side:, -side:] == 255).all()  # the sixth place is empty


def test_large_images_keep_their_pixels() -> None:
    picture = sheet(images(1, 3, 64, 100), 1)
    assert picture.shape == (64 + 2 * GAP, 100 + 2 * GAP, 3)


def test_what_lies_beyond_0_and_1_is_cut() -> None:
    picture = sheet(np.array([[[[-0.5, 1.5]]]]), 1)
    assert {*np.unique(picture)} == {0, 255}


@pytest.mark.parametrize("channels", [1, 3])
def test_rows(assert_drawn, channels: int) -> None:
    rows = [("original", images(8, channels)), ("reconstruction", images(8, channels))]
    figure = image_rows(rows, heading="Eight images", above=list("abcdefgh"), below=[f"{i}" for i in range(8)])
    assert_drawn(figure)
    first, second = figure.axes[0], figure.axes[8]
    assert [axes.get_ylabel() for axes in (first, second)] == ["original", "reconstruction"]
    assert [axes.get_title() for axes in figure.axes[:8]] == list("abcdefgh")
    assert figure.axes[15].get_xlabel() == "7"
    np.testing.assert_array_equal(
        second.images[0].get_array()[..., 0], (rows[1][1][0] * 255).round().astype(np.uint8)[0]
    )


@pytest.mark.parametrize("count", [1, 7, 64])
def test_a_sheet_as_a_figure(assert_drawn, count: int) -> None:
    assert_drawn(image_sheet(images(count), columns=8, heading="Samples", x="first number", y="second"))
