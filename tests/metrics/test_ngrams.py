"""The n-gram model against one of dictionaries, character by character."""

import math
from collections import defaultdict

import numpy as np
import pytest

from dlexp.metrics.ngrams import ngram_bits


def slow(text, first, last, train, order, size):
    """Witten and Bell's recursion as it is written down."""
    followed = defaultdict(lambda: defaultdict(int))
    padded = [size] * (order - 1) + list(text)  # the text's begin is a context as well

    def context(place, length):
        place += order - 1
        return tuple(padded[place - length : place])

    for place in range(train):
        for length in range(order):
            followed[context(place, length)][text[place]] += 1

    def probability(place, length):
        if length < 0:
            return 1 / size
        counts = followed.get(context(place, length), {})
        shorter = probability(place, length - 1)
        if not counts:
            return shorter
        n, t = sum(counts.values()), len(counts)
        return (counts.get(text[place], 0) + t * shorter) / (n + t)

    return [-math.log2(probability(place, order - 1)) for place in range(first, last)]


@pytest.mark.parametrize("order", [1, 2, 3, 5])
@pytest.mark.parametrize(("first", "last"), [(300, 400), (0, 50), (350, 351)])
def test_equals_dictionaries(order, first, last):
    random = np.random.default_rng(0)
    text = random.choice(7, p=[0.4, 0.2, 0.15, 0.1, 0.08, 0.05, 0.02], size=400).astype(np.int16)
    text[200:280] = text[100:180]  # so that long contexts come again
    text[380] = 8  # was never counted
    found = ngram_bits(text, first, last, 300, order, 9)
    np.testing.assert_allclose(found, slow(text.tolist(), first, last, 300, order, 9), rtol=1e-12)


def test_probabilities_sum_to_1():
    text = np.array([0, 1, 2, 0, 1, 1, 0, 2, 0, 1] * 3 + [0])
    total = sum(2.0 ** -ngram_bits(np.append(text, last), 31, 32, 31, 4, 5)[0] for last in range(5))
    assert total == pytest.approx(1)


def test_a_text_that_repeats_costs_next_to_nothing_once_it_is_known():
    text = np.tile(np.arange(10), 200)
    assert ngram_bits(text, 1900, 2000, 1900, 2, 10).mean() < 0.08
    assert ngram_bits(text, 1900, 2000, 1900, 1, 10).mean() == pytest.approx(math.log2(10), rel=1e-3)
