"""Measures of a code against closed forms, and what must not change them."""

import numpy as np
import pytest
import torch

from dlexp.metrics.codes import activity, shift, spread, varying_units

CODES = torch.randn(400, 6, generator=torch.Generator().manual_seed(0)) * torch.tensor([1, 2, 3, 0.1, 0.001, 0])


def test_spread_is_the_root_of_the_total_variance():
    assert spread(CODES).item() == pytest.approx(np.sqrt(CODES.numpy().var(0).sum()), rel=1e-5)
    assert spread(CODES + 7).item() == pytest.approx(spread(CODES).item(), rel=1e-4)


def test_units_that_hardly_vary_are_not_active():
    assert varying_units(CODES).item() == pytest.approx(4 / 6)
    assert varying_units(CODES + 100).item() == pytest.approx(4 / 6)  # constant is not active, however large
    assert varying_units(torch.full((5, 3), 2.0)).item() == 0


def test_activity_counts_the_units_that_share_the_work():
    one_of_four, three_of_four = torch.eye(4), 1 - torch.eye(4)
    assert activity(one_of_four).item() == pytest.approx(0.25)
    assert activity(three_of_four).item() == pytest.approx(0.75)
    assert activity(torch.ones(3, 4)).item() == pytest.approx(1.0)
    assert activity(torch.zeros(3, 4)).item() == 0
    signs = torch.tensor([1.0, -1.0, 1.0, -1.0])
    assert activity(three_of_four * signs).item() == pytest.approx(0.75)
    many = torch.randn(200, 2000, generator=torch.Generator().manual_seed(0))
    assert activity(many).item() == pytest.approx(2 / np.pi, rel=0.01)  # of a normal distribution


def test_shift_is_in_spreads():
    step = torch.tensor([3.0, 0, 0, 4.0, 0, 0])
    assert shift(CODES, CODES + step).item() == pytest.approx(5 / spread(CODES).item(), rel=1e-4)
    assert shift(CODES, CODES).item() == 0
    others = CODES[torch.randperm(400, generator=torch.Generator().manual_seed(1))]
    assert shift(CODES, others).item() == pytest.approx(2**0.5, rel=0.1)  # two images at random
    assert shift(torch.zeros(3, 2), torch.zeros(3, 2)).item() == 0


@pytest.mark.parametrize("measure", [varying_units, activity], ids=lambda measure: measure.__name__)
def test_scale_does_not_matter(measure):
    for scale in (1e-3, 1e3):
        assert measure(scale * CODES).item() == pytest.approx(measure(CODES).item(), rel=1e-4)
    moved = CODES + 0.1
    assert shift(1e3 * CODES, 1e3 * moved).item() == pytest.approx(shift(CODES, moved).item(), rel=1e-4)
