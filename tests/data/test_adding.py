"""The adding problem: what is drawn, against its definition."""

import numpy as np
import pytest
import torch

from dlexp.data.adding import Adding
from dlexp.errors import InputError

SIZES = {"batches": 3, "validation": 7, "test": 5, "draw": 0, "batch_size": 4, "eval_batch_size": 3, "seed": 0}


def adding(length: int, **changes) -> Adding:
    return Adding(**({"length": length, "input_shape": [length, 2], "num_classes": 0} | SIZES | changes))


def sample(length: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    x, y = adding(length).sample(count, torch.Generator().manual_seed(3))
    assert (x.dtype, y.dtype, x.shape, y.shape) == (torch.float32, torch.float32, (count, length, 2), (count, 1))
    return x.numpy(), y.numpy()


@pytest.mark.parametrize("length", [2, 3, 7, 50])
def test_one_mark_in_each_half_and_the_sum_of_the_marked(length):
    x, y = sample(length, 4000)
    numbers, marks = x[..., 0], x[..., 1]
    assert set(np.unique(marks)) <= {0.0, 1.0}
    half = length // 2
    assert (marks[:, :half].sum(1) == 1).all()
    assert (marks[:, half:].sum(1) == 1).all()
    for row, of, total in zip(numbers[:50], marks[:50], y[:50, 0], strict=True):
        first, second = np.flatnonzero(of)
        assert total == row[first] + row[second]
    share = marks.mean(0)  # (T,): every step of a half is as likely as the others
    assert share[:half] == pytest.approx(np.full(half, 1 / half), abs=5 * (1 / half / 4000) ** 0.5)
    assert share[half:] == pytest.approx(np.full(length - half, 1 / (length - half)), abs=5 * (1 / half / 4000) ** 0.5)


def test_numbers_are_uniform_and_predicting_one_costs_a_sixth():
    x, y = sample(20, 20000)
    counts, _ = np.histogram(x[..., 0], bins=10, range=(0, 1))
    assert counts / counts.sum() == pytest.approx(np.full(10, 0.1), abs=0.003)
    assert abs(np.corrcoef(x[:, 3, 0], x[:, 4, 0])[0, 1]) < 0.03
    assert y.mean() == pytest.approx(1, abs=0.01)
    assert np.square(y - 1).mean() == pytest.approx(1 / 6, abs=0.005)


def test_batches_differ_and_come_again():
    data = adding(10)
    first, second, third = (x for x, _ in data.train_dataloader())
    assert not torch.equal(first, second)
    again = [x for x, _ in adding(10).train_dataloader()]
    assert all(torch.equal(one, other) for one, other in zip((first, second, third), again, strict=True))
    data.setup()
    assert data.labels("test").shape == (5, 1)
    assert data.splits["val"][0].shape == (7, 10, 2)


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"length": 1, "input_shape": [1, 2]}, r"data\.length=1"),
        ({"length": 2.5}, r"data\.length=2\.5"),
        ({"length": 10, "input_shape": [20, 2]}, r"data\.input_shape=\[20, 2\].*\[10, 2\]"),
        ({"num_classes": 3}, r"data\.num_classes=3"),
        ({"validation": 0}, r"data\.validation=0"),
    ],
)
def test_bad_arguments(changes, line):
    with pytest.raises(InputError, match=line):
        adding(**({"length": 10} | changes))
