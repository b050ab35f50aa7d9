"""Decibels against what everybody knows of them."""

import pytest
import torch

from dlexp.metrics.decibels import gain


@pytest.mark.parametrize(("before", "after", "decibels"), [(1, 0.1, 10), (0.01, 0.01, 0), (1, 2, -3.0103), (1, 0, 120)])
def test_gain(before, after, decibels):
    assert gain(torch.tensor(float(before)), torch.tensor(float(after))).item() == pytest.approx(decibels, abs=1e-3)
