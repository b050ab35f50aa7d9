"""Figures of words: what is nearest, shaded by how near; a map on which no word lies on another."""

from itertools import combinations

import numpy as np

from dlexp.reporting import style
from dlexp.reporting.nearest_words import nearest_words
from dlexp.reporting.word_map import word_map


def test_nearest_words():
    found = {"love": [("hate", 0.9), ("incomprehensibilities", 0.2)], "night": [("day", 0.5), ("moon", -0.1)]}
    figure = nearest_words(found)
    (axes,) = figure.axes
    assert [text.get_text() for text in axes.texts[:6]] == [
        *("love", "hate", "incomprehensibilities"),
        *("night", "day", "moon"),
    ]
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in axes.texts]
    assert not any(a.overlaps(b) for a, b in combinations(boxes, 2))
    assert all(box.x0 > 0 and box.x1 < figure.bbox.x1 and box.y0 > 0 for box in boxes)
    near, far = (axes.patches[i].get_facecolor()[:3] for i in (0, 1))
    assert sum(near) < sum(far)
    assert style.png(figure)


def test_a_map_of_words():
    random = np.random.default_rng(0)
    kinds = random.normal(size=(4, 20))
    vectors = np.repeat(kinds, 15, axis=0) + 0.3 * random.normal(size=(60, 20))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    words = [f"word{i}$" for i in range(60)]
    figure = word_map(vectors, words)
    (axes,) = figure.axes
    figure.draw_without_rendering()
    frame = axes.get_window_extent()
    boxes = [text.get_window_extent() for text in axes.texts]
    assert 15 <= len(boxes) <= 60
    assert axes.texts[0].get_text() == "word0$"
    assert not any(a.padded(2).overlaps(b) for a, b in combinations(boxes, 2))  # pixels
    assert all(frame.x0 < box.x0 and box.x1 < frame.x1 for box in boxes)
    points = np.array([text.get_position() for text in axes.texts])
    kind = np.array([int(text.get_text()[4:-1]) // 15 for text in axes.texts])
    apart = np.linalg.norm(points[:, None] - points, axis=2) + np.diag(np.full(len(points), np.inf))
    assert (kind[apart.argmin(1)] == kind).mean() > 0.9
    again = word_map(vectors, words)
    assert [text.get_position() for text in again.axes[0].texts] == [text.get_position() for text in axes.texts]
    assert len(word_map(vectors[:8], words[:8]).axes[0].texts) > 0
