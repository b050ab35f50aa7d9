"""Precision, recall and F1 against scikit-learn's."""

import numpy as np
import pytest
import torch
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

from dlexp.metrics.token_scores import count_pairs, macro_scores


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("never", [None, 4], ids=["all occur", "one is only said"])
def test_as_scikit_learn(seed, never):
    random = np.random.default_rng(seed)
    right = random.integers(0, 7, (9, 5))
    right[right == never] = 5
    said = np.where(random.random((9, 5)) < 0.6, right, random.integers(0, 7, (9, 5)))
    pairs = count_pairs(torch.tensor(said), torch.tensor(right), tokens=7, ignored=0)
    counted = right != 0
    labels = np.unique(right[counted])
    expected = precision_recall_fscore_support(
        right[counted], said[counted], labels=labels, average="macro", zero_division=0
    )[:3]
    assert pairs.tolist() == confusion_matrix(right[counted], said[counted], labels=range(7)).tolist()
    assert [score.item() for score in macro_scores(pairs)] == pytest.approx(expected)


def test_all_right_and_all_wrong():
    right = torch.tensor([[1, 2, 0], [2, 0, 0]])
    assert [score.item() for score in macro_scores(count_pairs(right, right, 3, 0))] == [1, 1, 1]
    wrong = torch.tensor([[2, 1, 1], [0, 1, 1]])
    assert [score.item() for score in macro_scores(count_pairs(wrong, right, 3, 0))] == [0, 0, 0]
