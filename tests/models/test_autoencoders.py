"""Every autoencoder of conf/model on grey and colour images, and the layers that it is made of."""

import math
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate
from torch import nn

from dlexp.errors import InputError
from dlexp.models.generative.autoencoder import Autoencoder

CONF = Path(__file__).parents[2] / "conf"
TARGET = "_target_: dlexp.models.generative.autoencoder."
MODELS = sorted(path.stem for path in (CONF / "model").glob("*.yaml") if TARGET in path.read_text())
SHAPES = [(1, 28, 28), (3, 32, 32)]


def build(model: str, shape: tuple[int, int, int] = (1, 28, 28), *words: str) -> Autoencoder:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        cfg = compose(overrides=[f"+model={model}", f"+data.input_shape={list(shape)}", *words])
    return instantiate(cfg.model, _convert_="all")


def images(shape: tuple[int, int, int], count: int = 16) -> torch.Tensor:
    return torch.rand(count, *shape)


def test_all_are_found():
    assert len(MODELS) >= 5


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: "x".join(map(str, shape)))
@pytest.mark.parametrize("model", MODELS)
def test_there_and_back(model, shape):
    network = build(model, shape)
    x = images(shape)
    code = network.encode(x)
    assert code.shape == (len(x), network.latent_size)
    raw = network.decode(code)
    assert raw.shape == x.shape
    torch.testing.assert_close(network(x), network.output(raw))
    if isinstance(network.output, nn.Sigmoid):
        assert 0 <= network(x).min() <= network(x).max() <= 1

    (network(x) - x).square().mean().backward()
    for name, weight in network.named_parameters():
        assert weight.grad.isfinite().all(), name
        assert weight.grad.any(), name


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("size", [1, 2, 7])
def test_any_size_of_the_code(model, size):
    assert build(model, (1, 28, 28), f"model.latent_size={size}").encode(images((1, 28, 28))).shape == (16, size)


@pytest.mark.parametrize("model", MODELS)
def test_compiles_without_a_graph_break(model):
    network = build(model).to("meta")
    compiled = torch.compile(network, backend="eager", fullgraph=True)
    assert compiled(torch.empty(2, 1, 28, 28, device="meta")).shape == (2, 1, 28, 28)


def test_sizes_of_codes():
    pixels = 28 * 28
    assert build("autoencoder_overcomplete").latent_size > pixels
    for undercomplete in ("autoencoder", "autoencoder_shallow", "autoencoder_linear", "autoencoder_conv"):
        assert build(undercomplete).latent_size < pixels


def test_the_deep_one_equals_its_layers_written_out(copy_weights):
    words = ("model.hidden_sizes=[20,10]", "model.latent_size=4", "model.output=sigmoid", "model.dropout=0.5")
    model = build("autoencoder", (3, 8, 8), *words, "model.code_activation=tanh").eval()
    back, forth = [4, 10, 20, 192], [192, 20, 10, 4]
    layers = [nn.Linear(*sizes) for sizes in (*pairwise(forth), *pairwise(back))]
    copy_weights(nn.ModuleList(layers), model)
    x = images((3, 8, 8))
    gelu = nn.functional.gelu
    first, second, third, fourth, fifth, last = layers
    code = torch.tanh(third(gelu(second(gelu(first(x.flatten(1)))))))
    torch.testing.assert_close(model.encode(x), code)
    expected = last(gelu(fifth(gelu(fourth(code))))).sigmoid().view_as(x)
    torch.testing.assert_close(model(x), expected)


def test_the_linear_one_is_affine():
    model = build("autoencoder_linear")
    x, y = images((1, 28, 28)), images((1, 28, 28))
    torch.testing.assert_close(model(0.3 * x + 0.7 * y), 0.3 * model(x) + 0.7 * model(y), rtol=1e-4, atol=1e-5)
    assert not isinstance(model.output, nn.Sigmoid)


def test_the_shallow_one_has_one_hidden_layer():
    model = build("autoencoder_shallow")
    linear = [module for module in model.modules() if isinstance(module, nn.Linear)]
    assert [(layer.in_features, layer.out_features) for layer in linear] == [(784, 32), (32, 784)]
    assert model.encode(images((1, 28, 28))).min() == 0  # by ReLU


def test_hidden_layers_begin_with_signals_of_one_size():
    """He et al.: through ReLUs the mean square stays, where torch's own weights would take 5/6 of it in each layer."""
    words = ("model.hidden_sizes=[512,512,512,512]", "model.activation=relu")
    model = build("autoencoder", (1, 28, 28), *words)
    x = torch.randn(64, 784)
    sizes = []
    for layer in model.encoder:
        x = layer(x)
        if isinstance(layer, nn.ReLU):
            sizes.append(x.square().mean().item())
    assert len(sizes) == 4
    assert all(0.7 < size < 1.4 for size in sizes)
    for layer in list(model.encoder)[1:-1]:
        if isinstance(layer, nn.Linear):
            assert layer.weight.std().item() == pytest.approx(math.sqrt(2 / layer.in_features), rel=0.05)
            assert not layer.bias.any()


@pytest.mark.parametrize(
    ("model", "shape", "word", "line"),
    [
        ("autoencoder", (1, 28, 28), "model.latent_size=0", r"model\.latent_size=0"),
        ("autoencoder_conv", (1, 28, 28), "model.latent_size=-1", r"model\.latent_size=-1"),
        ("autoencoder", (1, 28, 28), "model.activation=swish", r"model\.activation=swish .*relu"),
        ("autoencoder", (1, 28, 28), "model.code_activation=softmax", r"model\.code_activation=softmax .*none"),
        ("autoencoder", (1, 28, 28), "model.output=tanh", r"model\.output=tanh .*sigmoid, none"),
        ("autoencoder_conv", (1, 30, 30), "model.width=2", "30 x 30 pixels cannot be halved twice"),
    ],
)
def test_what_cannot_be(model, shape, word, line):
    with pytest.raises(Exception, match=line) as caught:
        build(model, shape, word)
    cause = caught.value if isinstance(caught.value, InputError) else caught.value.__cause__
    assert isinstance(cause, InputError)
