"""Pages of text: each character in its cell, on the shade of its bits."""

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from dlexp.reporting import style
from dlexp.reporting.text_pages import (
    COLUMNS,
    NEW_LINE,
    NO_PICTURE,
    has_picture,
    laid_out,
    shaded_text,
    written_texts,
)

LONG = "But soft, what light through yonder window breaks? It is the east, and Juliet is the sun. " * 2


def lines(text: str) -> list[str]:
    rows, columns = laid_out(text)
    found = [""] * (rows.max() + 1)
    for letter, row, column in zip(text, rows, columns, strict=True):
        assert column == len(found[row])
        found[row] += letter
    return found


@pytest.mark.parametrize(
    "text", ["one\ntwo\n\nfour", LONG, f"a\n{LONG}\n\nb\n", "x" * 200, "\n\n", " " * 120, f"{'y' * COLUMNS}\n", "z"]
)
def test_lines_are_broken_between_words_and_nothing_is_lost(text):
    found = lines(text)
    assert "".join(found) == text
    for line, following in zip(found, [*found[1:], "\n"], strict=True):
        assert len(line) <= COLUMNS + 1
        if not line.endswith(("\n", " ")) and following != "\n":
            assert " " not in line.rstrip()
        assert "\n" not in line[:-1]


def test_shades_are_bits():
    text = "ab c\nd"
    bits = np.array([0.0, 4.0, 8.0, 20.0, 1.0, 2.0])
    figure = shaded_text(text, bits)
    axes, key = figure.axes
    (cells,) = axes.collections
    faces = cells.get_facecolor()
    assert len(faces) == 6
    np.testing.assert_allclose(faces[0, :3], to_rgb(style.PAPER), atol=0.01)
    np.testing.assert_allclose(faces[2], faces[3])  # as dark as it gets
    light = faces[:, :3].sum(1)
    assert light[0] > light[4] > light[5] > light[1] > light[2]
    assert [text.get_text() for text in axes.texts] == ["a", "b", "c", NEW_LINE, "d"]
    assert axes.texts[2].get_color() == "white"
    assert axes.texts[0].get_color() == style.INK
    said = [text.get_text() for text in figure.texts]
    assert said == ["The model's surprise at each letter: 5.83 bits on average", "0 bits", "8 and more"]
    figure.draw_without_rendering()
    edge = figure.bbox.x1
    assert all(text.get_window_extent().x1 <= edge for text in figure.texts)
    assert key.get_position().y0 > axes.get_position().y1


def test_texts_stand_under_one_another():
    figure = written_texts({"temperature 0.5": LONG, "temperature 1": "$a_1$ is\nno formula"})
    (axes,) = figure.axes
    names = [text for text in axes.texts if len(text.get_text()) > 1]
    assert [text.get_text() for text in names] == ["temperature 0.5", "temperature 1"]
    letters = "".join(text.get_text() for text in axes.texts if len(text.get_text()) == 1)
    assert letters == "".join((LONG + "$a_1$ is\nno formula").split())
    figure.draw_without_rendering()
    rows = {round(text.get_position()[1], 1) for text in axes.texts if len(text.get_text()) == 1}
    assert names[1].get_position()[1] not in rows
    assert all(text.get_window_extent().x1 <= figure.bbox.x1 for text in axes.texts)
    assert min(text.get_window_extent().y0 for text in axes.texts) >= 0


def test_nothing_was_written():
    assert len(written_texts({"temperature 1": "\n"}).axes) == 1


@pytest.mark.filterwarnings("error")
def test_what_the_font_lacks_is_a_square():
    text = "aß\x07世\ufffd\u3000 é\t"
    assert [letter for letter in text if not has_picture(letter)] == ["\x07", "世"]
    for figure in (shaded_text(text, np.ones(len(text))), written_texts({"temperature 1": text})):
        figure.draw_without_rendering()
        letters = [one.get_text() for one in figure.axes[0].texts if len(one.get_text()) == 1]
        assert letters == ["a", "ß", NO_PICTURE, NO_PICTURE, "\ufffd", "é"]
