"""Mode coverage, where the answer is known."""

import math

import pytest
import torch
from scipy.stats import entropy

from dlexp.metrics.modes import covered, mode_divergence


def test_the_divergence_is_that_of_the_shares():
    real, fake = torch.tensor([50, 30, 20]), torch.tensor([10, 10, 80])
    expected = entropy([0.1, 0.1, 0.8], [0.5, 0.3, 0.2])
    assert mode_divergence(real, fake).item() == pytest.approx(expected)
    assert mode_divergence(real, 3 * real).item() == pytest.approx(0.0, abs=1e-12)


def test_it_is_finite_where_a_class_is_missing_on_either_side():
    assert mode_divergence(torch.tensor([50, 50]), torch.tensor([0, 9])).item() == pytest.approx(math.log(2))
    real, fake = torch.tensor([50, 0]), torch.tensor([0, 9])
    assert mode_divergence(real, fake).item() == pytest.approx(math.log(50.5 / 0.5))


@pytest.mark.parametrize(
    ("fake", "modes"), [([250, 250, 250, 250], 4), ([1000, 0, 0, 0], 1), ([900, 50, 40, 10], 3), ([901, 49, 25, 25], 4)]
)
def test_a_class_counts_from_a_tenth_of_its_share(fake, modes):
    assert covered(torch.tensor([10, 10, 10, 10]), torch.tensor(fake)).item() == modes


def test_a_class_that_the_data_lack_is_none_of_their_modes():
    assert covered(torch.tensor([10, 0, 10]), torch.tensor([5, 5, 0])).item() == 1
