"""The network of an interval: every input, every interval, both forms; its weights, and its margin under attack."""

from itertools import product

import pytest
import torch

from dlexp.errors import InputError
from dlexp.models.scratch.interval_network import FORMS, IntervalNetwork


def every_input(dimension: int) -> torch.Tensor:
    return torch.tensor(list(product([-1.0, 1.0], repeat=dimension)))  # (2^D, D)


def network(dimension: int, low: int, high: int, form: str) -> IntervalNetwork:
    return IntervalNetwork(dimension=dimension, low=low, high=high, form=form)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("dimension", [1, 2, 3, 5, 8])
def test_every_input_of_every_interval(dimension, form):
    x = every_input(dimension)
    total = x.sum(1)
    ends = range(-dimension - 3, dimension + 4)
    for low, high in [(low, high) for low in ends for high in ends if low <= high]:
        model = network(dimension, low, high, form)
        expected = torch.where((low <= total) & (total <= high), 1.0, -1.0)
        assert torch.equal(model(x), expected.double()), (low, high)
        other = model.in_form(FORMS[form == "threshold"])
        assert torch.equal(other(x), expected.double()), (low, high)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("dimension", [11, 12])
def test_every_input_of_twelve(dimension, form):
    x = every_input(dimension)
    for low, high in ((-4, 3), (0, 0), (1, 1), (-12, 5), (-20, 20)):
        expected = torch.where((low <= x.sum(1)) & (x.sum(1) <= high), 1.0, -1.0)
        assert torch.equal(network(dimension, low, high, form)(x), expected.double())


@pytest.mark.parametrize(("form", "units"), [("threshold", 2), ("relu", 4)])
def test_weights_are_one_and_biases_whole(form, units):
    model = network(7, -2, 3, form)
    assert model.weight.shape == (units, 7)
    assert (model.weight.abs() == 1).all()
    assert (model.outer_weight.abs() == 1).all()
    for bias in (model.bias, model.outer_bias):
        assert torch.equal(bias, bias.round())
    assert sum(weight.numel() for weight in model.parameters()) == units * 7 + units + units + 1


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("dimension", "low", "high", "margin"),
    [
        *((6, -2, 2, 1 / 6), (6, -3, 3, 1 / 6), (5, 0, 0, torch.inf), (5, 1, 1, 1 / 5)),
        *((4, -100, 0, 1 / 4), (4, 8, 9, 3 / 4), (3, -50, 60, 47 / 3)),
    ],
)
def test_the_margin_is_where_the_first_output_changes(dimension, low, high, margin, form):
    model = network(dimension, low, high, form)
    assert model.margin() == pytest.approx(margin)
    x = every_input(dimension)
    said = model(x) > 0
    corners = every_input(dimension)  # of the cube of what may be added: the worst is at one of them
    for size, kept in ((0.999 * margin, True), (1.001 * margin, False)):
        if margin == torch.inf:
            size, kept = 1000.0, True
        moved = torch.stack([model(x + size * corner) > 0 for corner in corners])
        assert (moved == said).all() == kept


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"low": 3, "high": 1}, "model.low=3 is above model.high=1"),
        ({"low": 0.5}, "model.low=0.5 does not work: give a whole number"),
        ({"dimension": 0}, "model.dimension=0"),
        ({"form": "tanh"}, "model.form=tanh is not an option, choose one of: threshold, relu"),
    ],
)
def test_what_cannot_be(changes, message):
    with pytest.raises(InputError, match=message):
        IntervalNetwork(**{"dimension": 4, "low": 0, "high": 2, "form": "relu"} | changes)
