"""The largest margin against scikit-learn's support vectors, and Novikoff's bound on a perceptron's mistakes."""

import numpy as np
import pytest
import torch
from sklearn.svm import SVC
from torch import Tensor

from dlexp.models.scratch.perceptron import Perceptron
from dlexp.tasks.best_margin import best_margin


def clouds(seed: int, margin: float, count: int = 80) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % 2
    across, along = torch.randn(2, count, generator=generator)
    side = 2.0 * labels - 1
    return torch.stack([0.4 + side * (margin + across.abs()), along], 1), labels


def by_support_vectors(x: Tensor, labels: Tensor) -> float:
    """With the signed samples z and -z as classes, no plane but one through the origin is best."""
    z = ((2.0 * labels - 1)[:, None] * torch.cat([x, torch.ones(len(x), 1)], 1)).double().numpy()
    machine = SVC(kernel="linear", C=1e9, tol=1e-9).fit(np.vstack([z, -z]), np.repeat([1, 0], len(z)))
    return 1 / np.linalg.norm(machine.coef_[0])


@pytest.mark.parametrize("margin", [1.0, 0.3, 0.1])
def test_is_that_of_support_vectors(margin):
    x, labels = clouds(0, margin)
    found, radius = best_margin(x, labels)
    assert found == pytest.approx(by_support_vectors(x, labels), rel=1e-4)
    assert radius == pytest.approx((x.square().sum(1) + 1).sqrt().max().item())


def test_two_points_and_none():
    margin, radius = best_margin(torch.tensor([[3.0], [-1.0]]), torch.tensor([1, 0]))
    assert radius == pytest.approx(10**0.5)
    assert margin == pytest.approx(2**0.5)  # the nearest place of the line from (3, 1) to (1, -1) is its end
    assert best_margin(torch.tensor([[1.0], [2.0], [3.0]]), torch.tensor([0, 1, 0]))[0] == 0
    assert best_margin(torch.zeros(2, 2), torch.tensor([0, 1]))[0] == 0


@pytest.mark.parametrize("margin", [0.5, 0.05])
def test_no_perceptron_exceeds_the_bound(margin):
    for seed in range(25):
        x, labels = clouds(seed, margin)
        best, radius = best_margin(x, labels)
        model = Perceptron(input_shape=[2], num_classes=2)
        mistakes, last = 0, None
        while last != 0:
            last = len(model.learn(x, labels)[1])
            mistakes += last
            assert mistakes <= (radius / best) ** 2
        assert torch.equal(model(x).argmax(1), labels)
