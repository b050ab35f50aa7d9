"""Precision and recall of samples against loops over all pairs, and where the answer is known."""

import numpy as np
import pytest
import torch

from dlexp.metrics import manifolds
from dlexp.metrics.manifolds import precision_and_recall


def share(points: np.ndarray, others: np.ndarray, k: int) -> float:
    """Of `points` that lie within the reach of one of `others`: to its k-th nearest."""
    inside = 0
    for point in points:
        found = False
        for i, other in enumerate(others):
            to_others = sorted(np.linalg.norm(other - x) for j, x in enumerate(others) if j != i)
            found |= np.linalg.norm(point - other) <= to_others[k - 1]
        inside += found
    return inside / len(points)


@pytest.mark.parametrize("k", [1, 3])
@pytest.mark.parametrize("sizes", [(40, 40), (30, 50)])
def test_against_loops(k, sizes, monkeypatch):
    monkeypatch.setattr(manifolds, "CHUNK", 7)
    random = np.random.default_rng(0)
    real, fake = random.normal(size=(sizes[0], 3)), 0.7 * random.normal(size=(sizes[1], 3)) + 0.5
    precision, recall = precision_and_recall(torch.tensor(real), torch.tensor(fake), k)
    assert precision.item() == pytest.approx(share(fake, real, k))
    assert recall.item() == pytest.approx(share(real, fake, k))
    assert 0 < recall.item() < 1
    assert 0 < precision.item() <= 1


def test_collapse_costs_recall_and_noise_costs_precision():
    generator = torch.Generator().manual_seed(0)
    real = torch.randn(200, 4, generator=generator)
    again = torch.randn(200, 4, generator=generator)
    collapsed = 0.1 * again + torch.tensor([1.0, 0.0, 0.0, 0.0])
    noisy = 6 * again
    alike = precision_and_recall(real, again, 3)
    assert min(alike) > 0.8
    precision, recall = precision_and_recall(real, collapsed, 3)
    assert precision > 0.9
    assert recall < 0.1
    precision, recall = precision_and_recall(real, noisy, 3)
    assert precision < 0.3
    assert recall > 0.8


def test_copies_are_within_reach_of_themselves():
    """The reach of an image that occurs twice is 0, and a copy of it lies at 0."""
    real = torch.tensor([[0.0, 1.0], [0.0, 1.0], [5.0, 5.0], [5.0, 5.0]]) / 3
    assert precision_and_recall(real, real.clone(), 1) == (1.0, 1.0)


def test_fewer_points_than_neighbours():
    points = torch.tensor([[0.0], [1.0]])
    assert precision_and_recall(points, points + 0.5, 10) == (1.0, 1.0)
