"""Drawing by logits, against probabilities worked out by hand and counts."""

import numpy as np
import pytest
import torch
from scipy.stats import chisquare

from dlexp.errors import InputError
from dlexp.layers.sampling import check_temperature, draw, nucleus_only, tempered, top_k_only

P = np.array([0.05, 0.4, 0.1, 0.3, 0.15])
LOGITS = torch.tensor(np.log(P) + 3.0)  # a constant means nothing


def renormalised(p, kept):
    return np.where(kept, p, 0) / p[kept].sum()


def test_temperature():
    for temperature in (0.3, 1.0, 2.5):
        found = tempered(LOGITS, temperature).softmax(-1).numpy()
        np.testing.assert_allclose(found, P ** (1 / temperature) / (P ** (1 / temperature)).sum(), rtol=1e-6)
    cold = tempered(LOGITS.float(), 1e-30).softmax(-1)
    assert cold.tolist() == [0, 1, 0, 0, 0]


@pytest.mark.parametrize(("k", "kept"), [(1, [1]), (2, [1, 3]), (3, [1, 3, 4]), (5, [0, 1, 2, 3, 4]), (9, range(5))])
def test_top_k(k, kept):
    found = top_k_only(LOGITS, k).softmax(-1).numpy()
    np.testing.assert_allclose(found, renormalised(P, np.isin(np.arange(5), list(kept))), rtol=1e-6)


@pytest.mark.parametrize(
    ("p", "kept"),
    [
        (0.0, [1]),
        (0.39, [1]),
        (0.41, [1, 3]),
        (0.69, [1, 3]),
        (0.71, [1, 3, 4]),
        (0.94, [1, 2, 3, 4]),
        (0.96, range(5)),
        (1.0, range(5)),
    ],
)
def test_nucleus(p, kept):
    found = nucleus_only(LOGITS, p).softmax(-1).numpy()
    np.testing.assert_allclose(found, renormalised(P, np.isin(np.arange(5), list(kept))), rtol=1e-6)


def test_rows_are_independent_and_equals_are_not_all_kept():
    rows = torch.stack([LOGITS, LOGITS.flip(0), torch.zeros(5)])
    for cut in (lambda x: top_k_only(x, 2), lambda x: nucleus_only(x, 0.39)):
        for row, found in zip(rows, cut(rows), strict=True):
            assert torch.equal(found, cut(row))
    assert top_k_only(rows, 2)[2].isfinite().tolist() == [True, True, False, False, False]
    assert nucleus_only(rows, 0.39)[2].isfinite().sum() == 2


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ({}, P),
        ({"temperature": 0.5}, P**2 / (P**2).sum()),
        ({"top_k": 3}, renormalised(P, np.isin(np.arange(5), [1, 3, 4]))),
        ({"top_p": 0.75}, renormalised(P, np.isin(np.arange(5), [1, 3, 4]))),
        # the square of P first, of which 0.4 and 0.3 make up 0.88; of the top two alone 0.4 makes up 0.64
        ({"temperature": 0.5, "top_p": 0.8}, renormalised(P**2, np.isin(np.arange(5), [1, 3]))),
        ({"temperature": 0.5, "top_k": 2, "top_p": 0.6}, np.eye(5)[1]),
    ],
    ids=str,
)
def test_what_is_drawn(words, expected):
    arguments = {"temperature": 1.0, "top_k": None, "top_p": None} | words
    generator = torch.Generator().manual_seed(0)
    drawn = draw(LOGITS.expand(20_000, 5), **arguments, generator=generator)
    assert drawn.dtype == torch.int64
    counts = drawn.bincount(minlength=5).numpy()
    assert counts[expected == 0].sum() == 0
    if (expected > 0).sum() > 1:
        assert chisquare(counts[expected > 0], 20_000 * expected[expected > 0]).pvalue > 0.001


def test_temperature_0_is_greedy_and_the_seed_decides():
    arguments = {"top_k": 4, "top_p": 0.9}
    generator = torch.Generator().manual_seed(0)
    state = generator.get_state()
    assert draw(LOGITS[None], temperature=0, **arguments, generator=generator).tolist() == [1]
    assert torch.equal(generator.get_state(), state)
    one, again, other = (
        draw(LOGITS.expand(50, 5), temperature=1.0, **arguments, generator=torch.Generator().manual_seed(seed))
        for seed in (0, 0, 1)
    )
    assert torch.equal(one, again)
    assert not torch.equal(one, other)


def test_temperatures_that_can_be_drawn_by():
    generator = torch.Generator().manual_seed(0)
    for temperature in (0, 0.01, 1, 100.0):
        check_temperature("temperature", temperature)
        wide = LOGITS.float().expand(100, 5) * 1e5
        found = draw(wide, temperature=temperature, top_k=None, top_p=None, generator=generator)
        assert found.unique().tolist() == [1]
    for temperature in (-1.0, 1e-300, 0.009, 101, float("nan"), float("inf"), "hot", None, True):
        with pytest.raises(InputError, match=r"a\.b=.*: give 0, or a number from 0\.01 to 100"):
            check_temperature("a.b", temperature)
