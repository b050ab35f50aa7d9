"""Probabilities of admission, read back from the panels."""

import numpy as np
import pytest

from dlexp.reporting.admissions import NO, YES, admission_map


def draw(maps: np.ndarray, applicants: np.ndarray):
    grid = {"gre": np.linspace(220, 800, maps.shape[2]), "gpa": np.linspace(2.2, 4, maps.shape[1])}
    return admission_map(maps, **grid, applicants=applicants, source="my $file$.csv", accuracy=0.7125, majority=0.7)


def test_every_applicant_is_on_the_panel_of_the_rank(assert_drawn):
    random = np.random.default_rng(0)
    rank = np.arange(40) % 4 + 1
    applicants = np.stack([np.arange(40) // 20, random.uniform(220, 800, 40), random.uniform(2.2, 4, 40), rank], 1)
    maps = np.linspace(0, 1, 4 * 20 * 30).reshape(4, 20, 30)
    figure = draw(maps, applicants)
    for number, (axes, shares) in enumerate(zip(figure.axes, maps, strict=False), start=1):
        assert axes.get_title(loc="left") == f"rank {number}"
        (mesh,) = [part for part in axes.collections if part.get_array() is not None and part.get_array().size == 600]
        np.testing.assert_array_equal(np.asarray(mesh.get_array()).reshape(20, 30), shares)
        for line, admitted, colour in zip(axes.lines, (0, 1), (NO, YES), strict=True):
            here = applicants[(rank == number) & (applicants[:, 0] == admitted)]
            np.testing.assert_array_equal(line.get_xydata(), here[:, 1:3])
            assert colour in (line.get_markeredgecolor(), line.get_markerfacecolor())
    said = "Right on 71.2 % of the test split, always saying no on 70.0 % · my $file$.csv"
    assert figure.get_suptitle() == said
    assert_drawn(figure)


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_a_network_that_says_the_same_of_all(value, assert_drawn):
    assert_drawn(draw(np.full((4, 5, 5), value), np.empty((0, 4))))
