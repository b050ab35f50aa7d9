"""Several lines at once: their gradients against autograd."""

import pytest
import torch

from dlexp.errors import InputError
from dlexp.models.scratch.lines import Lines


def test_gradients_are_those_of_autograd():
    torch.manual_seed(0)
    model = Lines(lines=3, start_weight=-1.0, start_bias=4.0)
    model.lines.copy_(torch.randn(3, 2))
    x, targets = torch.randn(10, 1), torch.randn(10)
    outputs, gradients = model.gradients(x, targets)
    assert outputs.shape == (3, 10)
    assert gradients.shape == (3, 2)
    lines = model.lines.clone().requires_grad_()
    twin = lines[:, :1] * x[:, 0] + lines[:, 1:]
    loss = (twin - targets).square().mean(1)
    (expected,) = torch.autograd.grad(loss.sum(), lines)
    torch.testing.assert_close(gradients, expected)
    torch.testing.assert_close(model.loss(outputs, targets), loss.detach())


def test_all_begin_at_one_point():
    assert Lines(lines=2, start_weight=-1.0, start_bias=4.0).lines.tolist() == [[-1.0, 4.0], [-1.0, 4.0]]
    with pytest.raises(InputError, match=r"model\.lines=0"):
        Lines(lines=0, start_weight=0.0, start_bias=0.0)
