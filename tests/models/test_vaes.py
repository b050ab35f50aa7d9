"""Variational autoencoders of conf/model: shapes, halves that are told the class, and one line for what cannot be."""

from collections.abc import Iterator

import pytest
import torch
from headers import CONF, around
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate
from torch import nn

from dlexp.errors import InputError
from dlexp.models.generative.beside import beside
from dlexp.models.generative.vae import VAE, ConvolutionalVAE, DenseVAE

FILES = ["vae", "vae_conv", "vae_conditional"]
SHAPES = [(1, 28, 28), (3, 8, 12)]


@pytest.fixture(autouse=True, scope="module")
def conf() -> Iterator[None]:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        yield


def build(name: str, shape: tuple[int, ...], **changes) -> VAE:
    data = [f"+data.input_shape={list(shape)}", "+data.num_classes=4"]
    words = [f"model.{key}={value}" for key, value in changes.items()]
    return instantiate(compose(overrides=[f"+model={name}", *data, *words]).model)


def dense(**changes) -> DenseVAE:
    arguments = {"num_classes": 3, "latent_size": 2, "hidden_sizes": [5], "activation": "tanh", "dropout": 0.0}
    return DenseVAE(**({"image_shape": [1, 4, 4], "output": "sigmoid"} | arguments | changes))


def convolutional(**changes) -> ConvolutionalVAE:
    arguments = {"num_classes": 3, "latent_size": 2, "width": 4, "activation": "tanh", "output": "sigmoid"}
    return ConvolutionalVAE(**({"image_shape": [1, 8, 8]} | arguments | changes))


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", FILES)
def test_there_and_back(name, shape):
    model = build(name, shape, latent_size=3)
    x, labels = torch.rand(5, *shape), torch.tensor([0, 1, 2, 3, 0])
    mean, log_variance = model.posterior(x, labels)
    assert mean.shape == log_variance.shape == (5, 3)
    raw = model.decode(mean + (0.5 * log_variance).exp(), labels)
    assert raw.shape == x.shape
    assert isinstance(model.output, nn.Sigmoid)
    raw.square().mean().backward()
    assert all(weight.grad.isfinite().all() for weight in model.parameters())
    assert all(weight.grad.any() for weight in model.parameters())
    assert torch.equal(model(x, labels), model.output(model.decode(mean, labels)))


@pytest.mark.parametrize("name", FILES)
def test_a_file_names_the_task_that_it_is_of(name):
    assert around(f"model/{name}") == ["task=vae"]


@pytest.mark.parametrize("model", [dense(), convolutional()], ids=["dense", "convolutional"])
def test_a_class_moves_both_halves_and_no_condition_neither(model):
    x, z = torch.rand(2, 1, *model.decode(torch.zeros(1, 2), torch.tensor([0])).shape[2:]), torch.randn(2, 2)
    one, other = torch.tensor([0, 1]), torch.tensor([0, 2])
    for half, given in ((model.decode, z), (lambda *both: model.posterior(*both)[0], x)):
        first, second = half(given, one), half(given, other)
        torch.testing.assert_close(first[0], second[0])
        assert not torch.allclose(first[1], second[1])


def test_without_a_condition_labels_change_nothing():
    model = dense(num_classes=0)
    x, one, other = torch.rand(2, 1, 4, 4), torch.tensor([0, 1]), torch.tensor([2, 0])
    assert torch.equal(model(x, one), model(x, other))


def test_a_linear_vae_with_classes_is_an_affine_map():
    """The weights of the last K inputs are what a class adds."""
    model = dense(hidden_sizes=[], latent_size=2)
    linear = model.decoder[0]
    z, labels = torch.randn(3, 2), torch.tensor([2, 0, 1])
    expected = z @ linear.weight[:, :2].T + linear.bias + linear.weight[:, 2:].T[labels]
    torch.testing.assert_close(model.decode(z, labels).flatten(1), expected)


def test_a_class_is_a_plane_of_ones():
    inputs = beside(convolutional().layout(torch.full((1, 1, 8, 8), 0.5)), torch.tensor([1]), 3)
    assert inputs.shape == (1, 4, 8, 8)
    assert [plane.unique().tolist() for plane in inputs[0]] == [[0.5], [0.0], [1.0], [0.0]]


@pytest.mark.parametrize(
    ("build", "line"),
    [
        (lambda: dense(latent_size=0), r"model\.latent_size=0"),
        (lambda: convolutional(latent_size=0), r"model\.latent_size=0"),
        (lambda: dense(output="softmax"), r"model\.output=softmax"),
        (lambda: dense(activation="swish"), r"model\.activation=swish"),
        (lambda: convolutional(image_shape=[1, 10, 8]), "10 x 8 pixels"),
    ],
)
def test_what_cannot_be(build, line):
    with pytest.raises(InputError, match=line):
        build()
