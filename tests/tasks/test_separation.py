"""A plane, or the proof that there is none: for every interval of a sum, and for points in general position."""

from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from dlexp.tasks.separation import four_inputs, proves, separate


@pytest.mark.parametrize("dimension", [1, 2, 3, 4, 5, 6])
def test_every_interval(dimension):
    points = np.array(list(product([-1, 1], repeat=dimension)))
    total = points.sum(1)
    for low in range(-dimension, dimension + 1, 2):
        for high in range(low, dimension + 1, 2):
            labels = ((low <= total) & (total <= high)).astype(int)
            found = separate(points, labels)
            four = four_inputs(dimension, low, high)
            if low == -dimension or high == dimension:  # one end is no end, or neither is
                weight, bias = found.plane
                assert ((2 * labels - 1) * (points @ weight + bias)).min() > 0.1
                assert found.proof is None
                assert four is None
            else:
                assert found.plane is None
                assert proves(found.proof, points, labels)
                assert np.array_equal(four[:2].sum(0), four[2:].sum(0))
                assert [low <= row.sum() <= high for row in four] == [True, True, False, False]
                assert set(four.flat) <= {-1, 1}


def test_exclusive_or():
    points, labels = np.array([[-1, -1], [-1, 1], [1, -1], [1, 1]]), np.array([0, 1, 1, 0])
    assert separate(points, labels).proof == [(i, Fraction(1, 2)) for i in range(4)]
    assert four_inputs(2, 0, 0).tolist() == [[1, -1], [-1, 1], [-1, -1], [1, 1]]


def test_one_class_alone_and_a_sum_in_the_middle():
    points = np.array([[1, 2], [3, 4], [-5, 1]])
    assert separate(points, np.ones(3, int)).plane is not None
    assert separate(points, np.zeros(3, int)).plane is not None
    sums = np.arange(-100, 101, 2)[:, None]
    assert separate(sums, (np.abs(sums[:, 0]) <= 4).astype(int)).proof is not None
    assert separate(sums, (sums[:, 0] <= 4).astype(int)).plane is not None
    assert four_inputs(4, 2, 0) is None  # no sum is in there


def test_what_does_not_prove():
    points, labels = np.array([[-1], [1], [0]]), np.array([1, 1, 0])
    half = Fraction(1, 2)
    assert proves([(0, half), (1, half), (2, Fraction(1))], points, labels)
    assert not proves([(0, half), (1, half), (2, half)], points, labels)
    assert not proves([(0, Fraction(1)), (2, Fraction(1))], points, labels)
