"""The MLP against the same layers written out."""

import pytest
import torch
from torch import nn

from dlexp.errors import InputError
from dlexp.models.vision.mlp import MLP


def mlp(**changes) -> MLP:
    arguments = {"hidden_sizes": [32, 16], "activation": "gelu", "dropout": 0.5, **changes}
    return MLP(input_shape=(1, 8, 8), num_classes=10, **arguments)


def test_equals_its_layers_written_out(copy_weights):
    model = mlp().eval()
    layers = [nn.Linear(64, 32), nn.GELU(), nn.Linear(32, 16), nn.GELU(), nn.Linear(16, 10)]
    reference = nn.Sequential(nn.Flatten(), *layers)
    copy_weights(reference, model)
    images = torch.randn(2, 1, 8, 8)
    torch.testing.assert_close(model(images), reference(images))


@pytest.mark.parametrize(
    ("activation", "formula"),
    [
        ("sigmoid", lambda z: 1 / (1 + torch.exp(-z))),
        ("tanh", lambda z: (torch.exp(z) - torch.exp(-z)) / (torch.exp(z) + torch.exp(-z))),
        ("relu", lambda z: z * (z > 0)),
        ("leaky_relu", lambda z: z * torch.where(z > 0, 1.0, 0.01)),
    ],
)
def test_activations(activation, formula):
    model = mlp(hidden_sizes=[32], activation=activation).eval()
    images = torch.randn(2, 1, 8, 8)
    expected = model.classifier(formula(model.hidden[0](images.flatten(1))))
    torch.testing.assert_close(model(images), expected)


def test_without_hidden_layers_it_is_linear(count_parameters):
    assert count_parameters(mlp(hidden_sizes=[])) == 64 * 10 + 10


def test_drops_units_in_training_only():
    images = torch.randn(2, 1, 8, 8)
    model = mlp()
    assert not torch.equal(model(images), model(images))
    model.eval()
    assert torch.equal(model(images), model(images))


def test_unknown_activation():
    with pytest.raises(InputError, match=r"model\.activation=swish .* relu, leaky_relu, gelu"):
        mlp(activation="swish")
