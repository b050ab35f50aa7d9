import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import StratifiedShuffleSplit

from dlexp.data.splits import stratified_split
from dlexp.errors import InputError


@st.composite
def labels_and_size(draw: st.DrawFn) -> tuple[np.ndarray, int]:
    counts = draw(st.lists(st.integers(1, 40), min_size=1, max_size=8))
    labels = np.random.default_rng(draw(st.integers(0, 9))).permutation(np.repeat(np.arange(len(counts)), counts))
    return labels, draw(st.integers(len(counts), len(labels)) | st.just(0))


@given(labels_and_size())
def test_partition_of_exact_size_with_every_class_within_one_of_its_share(
    case: tuple[np.ndarray, int],
) -> None:
    labels, size = case
    rest, picked = stratified_split(labels, size)
    assert len(picked) == size
    assert rest.dtype == picked.dtype == np.int64
    assert np.array_equal(np.sort(np.concatenate([rest, picked])), np.arange(len(labels)))
    assert np.array_equal(rest, np.sort(rest))
    assert np.array_equal(picked, np.sort(picked))
    share = np.bincount(labels) * size / len(labels)
    assert np.all(np.abs(np.bincount(labels[picked], minlength=len(share)) - share) < 1)


def test_shares_by_largest_remainder() -> None:
    labels = np.repeat([0, 1, 2], [47, 16, 158])  # of 221; the best-known textbook case is of this kind
    _, picked = stratified_split(labels, 100)  # exact shares 21.27, 7.24, 71.49: the missing one goes to class 2
    assert np.bincount(labels[picked]).tolist() == [21, 7, 72]


def test_class_counts_equal_scikit_learns_where_shares_are_whole() -> None:
    labels = np.repeat(np.arange(10), 60)
    _, picked = stratified_split(labels, 100)
    _, reference = next(StratifiedShuffleSplit(1, test_size=100, random_state=0).split(labels, labels))
    assert np.array_equal(np.bincount(labels[picked]), np.bincount(labels[reference]))


def test_split_is_fixed_and_scattered() -> None:
    labels = np.arange(1000) % 10
    np.random.seed(1)
    _, first = stratified_split(labels, 100)
    np.random.seed(2)
    _, second = stratified_split(labels, 100)
    assert np.array_equal(first, second)
    assert first[:4].tolist() == [20, 23, 24, 26]  # today's split: results of other days refer to it
    assert 350 < np.median(first) < 650  # not the head of the set


@pytest.mark.parametrize("size", [-1, 1, 9, 101])
def test_impossible_sizes(size: int) -> None:
    with pytest.raises(InputError, match=r"choose from 10 to 100$"):
        stratified_split(np.arange(100) % 10, size)
