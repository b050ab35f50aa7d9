"""Linear regression by hand against autograd, scikit-learn and the normal equations."""

import pytest
import torch
from sklearn.linear_model import LinearRegression as ByScikitLearn
from torch import nn
from torch.nn.functional import mse_loss

from dlexp.models.scratch.linear_regression import LinearRegression


def rows(count: int, features: int, dtype: torch.dtype = torch.float64) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    x = 3 + torch.randn(count, features, generator=generator, dtype=dtype)
    return x, torch.randn(count, generator=generator, dtype=dtype) + x.sum(1)


@pytest.mark.parametrize("features", [1, 3])
def test_gradients_equal_autograd(features):
    x, y = rows(20, features)
    model = LinearRegression(input_shape=[features], start_weight=0.3, start_bias=-1.0).double()
    outputs, gradients = model.gradients(x, y)

    layer = nn.Linear(features, 1).double()
    with torch.no_grad():
        layer.weight.fill_(0.3)
        layer.bias.fill_(-1.0)
    expected = layer(x).squeeze(1)
    loss = mse_loss(expected, y)
    loss.backward()
    torch.testing.assert_close(outputs, expected)
    torch.testing.assert_close(model.loss(outputs, y), loss)
    torch.testing.assert_close(gradients["weight"], layer.weight.grad[0])
    torch.testing.assert_close(gradients["bias"], layer.bias.grad[0])
    assert gradients.keys() == dict(model.named_parameters()).keys()


def test_nothing_asks_for_a_gradient():
    model = LinearRegression(input_shape=[2], start_weight=0, start_bias=1)
    assert not any(p.requires_grad for p in model.parameters())
    assert model(torch.ones(1, 2)).tolist() == [1.0]


def test_the_closed_form_equals_scikit_learn_and_has_no_gradient():
    x, y = rows(30, 4)
    found = LinearRegression.closed_form(x, y)
    expected = ByScikitLearn().fit(x, y)
    assert found[:-1].tolist() == pytest.approx(expected.coef_.tolist())
    assert found[-1].item() == pytest.approx(expected.intercept_)

    model = LinearRegression(input_shape=[4], start_weight=0, start_bias=0).double()
    with torch.no_grad():
        model.weight.copy_(found[:-1])
        model.bias.copy_(found[-1])
    _, gradients = model.gradients(x, y)
    assert max(gradient.abs().max() for gradient in gradients.values()) < 1e-12


def test_of_several_solutions_the_closed_form_is_the_shortest():
    x, y = rows(3, 5)
    found = LinearRegression.closed_form(x, y)
    a = torch.cat([x, torch.ones(3, 1, dtype=x.dtype)], 1)
    torch.testing.assert_close(found, torch.linalg.pinv(a) @ y)
