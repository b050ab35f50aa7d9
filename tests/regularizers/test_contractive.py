"""The Jacobian's norm against torch.autograd.functional.jacobian, image by image, in value and in gradient."""

import gc

import pytest
import torch
from torch import Tensor, nn
from torch.autograd.functional import jacobian

from dlexp.errors import InputError
from dlexp.models.generative.autoencoder import Autoencoder, ConvolutionalAutoencoder, DenseAutoencoder
from dlexp.regularizers.contractive import Contractive

FORMS = ("layer", "exact", "hutchinson")


def images(channels: int = 1, size: int = 4) -> Tensor:
    return torch.rand(size, channels, 8, 8, generator=torch.Generator().manual_seed(1))


def dense(hidden: tuple[int, ...] = (7,), activation: str = "tanh", dropout: float = 0.0, **changes) -> Autoencoder:
    torch.manual_seed(0)
    arguments = {"image_shape": [1, 8, 8], "latent_size": 5, "code_activation": "sigmoid", "output": "sigmoid"}
    return DenseAutoencoder(hidden_sizes=list(hidden), activation=activation, dropout=dropout, **(arguments | changes))


def convolutional(activation: str) -> Autoencoder:
    torch.manual_seed(0)
    return ConvolutionalAutoencoder(
        image_shape=[2, 8, 8], latent_size=5, width=3, activation=activation, code_activation="tanh", output="none"
    )


def price(form: str, model: nn.Module, x: Tensor, *, strength: float = 1.0, probes: int = 1) -> Tensor:
    regularizer = Contractive(form=form, probes=probes, strength=strength)
    return regularizer.penalty(model, x, model.encode(x))


def reference(model: nn.Module, x: Tensor) -> Tensor:
    """(): the mean over images of the sum of all squared derivatives, one image and one unit at a time."""
    norms = [jacobian(lambda image: model.encode(image[None])[0], one, create_graph=True).square().sum() for one in x]
    return torch.stack(norms).mean()


def gradients(value: Tensor, model: nn.Module) -> list[Tensor]:
    found = torch.autograd.grad(value, list(model.encoder.parameters()), allow_unused=True)
    return [torch.zeros_like(p) if g is None else g for g, p in zip(found, model.encoder.parameters(), strict=True)]


def assert_equal(form: str, model: nn.Module, x: Tensor) -> None:
    value, expected = price(form, model, x), reference(model, x)
    assert value.item() == pytest.approx(expected.item(), rel=1e-4)
    assert expected > 0
    for one, other in zip(gradients(value, model), gradients(expected, model), strict=True):
        assert torch.allclose(one, other, rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("activation", ["relu", "leaky_relu", "gelu", "tanh", "sigmoid"])
def test_exact_of_deep_encoders(activation):
    assert_equal("exact", dense((7, 6), activation), images())
    assert_equal("exact", convolutional(activation), images(channels=2))


@pytest.mark.parametrize("code", ["none", "relu", "leaky_relu", "gelu", "tanh", "sigmoid"])
@pytest.mark.parametrize("form", ["layer", "exact"])
def test_one_layer(form, code):
    if code == "none":  # the norm of the weights: it has no slope to be differentiated
        model = dense((), code_activation=code)
        weight = model.encoder[-1].weight
        assert price(form, model, images()).item() == pytest.approx(weight.square().sum().item(), rel=1e-4)
        if form == "layer":
            assert torch.allclose(gradients(price(form, model, images()), model)[0], 2 * weight)
        return
    assert_equal(form, dense((), code_activation=code), images())


def test_sigmoid_units_have_the_closed_form_of_rifai():
    model, x = dense(()), images()
    h = model.encode(x)  # (B, L)
    weights = model.encoder[-1].weight.square().sum(1)  # (L,)
    expected = ((h * (1 - h)).square() * weights).sum(1).mean()
    assert price("layer", model, x).item() == pytest.approx(expected.item(), rel=1e-5)


@pytest.mark.parametrize("model", [dense((7,)), convolutional("gelu")], ids=["dense", "convolutional"])
def test_hutchinson_is_right_on_average_in_value_and_gradient(model):
    x = images(channels=2 if isinstance(model, ConvolutionalAutoencoder) else 1)
    exact = price("exact", model, x)
    torch.manual_seed(0)
    draws = torch.stack([price("hutchinson", model, x, probes=40).detach() for _ in range(10)])
    error = draws.std() / len(draws) ** 0.5
    assert abs(draws.mean() - exact) < 4 * error
    assert error < 0.04 * exact
    estimated = gradients(price("hutchinson", model, x, probes=500), model)
    for one, other in zip(estimated, gradients(exact, model), strict=True):
        assert (one - other).norm() < 0.25 * other.norm() + 1e-6


def test_one_probe_is_noisier_than_many():
    model = dense()
    few, many = (
        torch.stack([price("hutchinson", model, images(), probes=probes).detach() for _ in range(40)]).std()
        for probes in (1, 64)
    )
    assert many < 0.4 * few


def test_strength_multiplies():
    for form in ("layer", "exact"):
        one, ten = (price(form, dense(()), images(), strength=strength).item() for strength in (1.0, 10.0))
        assert ten == pytest.approx(10 * one, rel=1e-5)


def test_dropout_draws_once_for_the_whole_jacobian():
    """With one mask for all units of the code: the mask's network is differentiated, draw for draw."""
    model, x = dense((7,), dropout=0.5), images()
    code = model.encode(x)  # draws of its own
    torch.manual_seed(3)
    value = Contractive(form="exact", probes=1, strength=1.0).penalty(model, x, code)
    torch.manual_seed(3)
    rows = []
    leaf = x.clone().requires_grad_()
    again = model.encode(leaf)
    for unit in range(5):
        (row,) = torch.autograd.grad(again[:, unit].sum(), leaf, retain_graph=True)
        rows.append(row.flatten(1))
    assert value.item() == pytest.approx(torch.stack(rows).square().sum((0, 2)).mean().item(), rel=1e-4)

    model.eval()
    assert price("exact", model, x).item() == pytest.approx(reference(model, x).item(), rel=1e-4)


def test_contraction_learns_to_contract():
    model, x = dense(), images()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    values = []
    for _ in range(60):
        value = price("hutchinson", model, x)
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        values.append(value.item())
    assert values[-1] < 0.1 * values[0]


def operations(loss: Tensor) -> int:
    """How many of them the gradient of `loss` goes back through."""
    waiting, seen = [loss.grad_fn], set()
    while waiting:
        node = waiting.pop()
        if node is not None and node not in seen:
            seen.add(node)
            waiting += [before for before, _ in node.next_functions]
    return len(seen)


@pytest.mark.parametrize("form", FORMS)
def test_memory_and_work_stay_flat(form):
    """As many tensors are alive after 50 steps as after 5, without the collector's help; a step's graph is as large."""
    model, x = dense(()), images()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    regularizer = Contractive(form=form, probes=2, strength=0.1)
    alive, work = {}, {}
    gc.collect()
    gc.disable()
    try:
        for step in range(1, 51):
            code = model.encode(x)
            loss = (model(x) - x).square().mean() + regularizer.penalty(model, x, code)
            if step in (5, 50):
                work[step] = operations(loss)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if step in (5, 50):
                alive[step] = sum(issubclass(type(thing), Tensor) for thing in gc.get_objects())
    finally:
        gc.enable()
    assert alive[5] == alive[50]
    assert work[5] == work[50] > 0


@pytest.mark.parametrize("model", [dense((7,)), convolutional("relu")], ids=["dense", "convolutional"])
def test_the_form_of_one_layer_refuses_others(model):
    x = images(channels=2 if isinstance(model, ConvolutionalAutoencoder) else 1)
    with pytest.raises(InputError, match=r"form=layer .* model.hidden_sizes=\[\]"):
        price("layer", model, x)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"form": "fast"}, "regularizer.contractive.form=fast: give one of layer, exact, hutchinson"),
        ({"probes": 0}, "regularizer.contractive.probes=0"),
        ({"strength": -1}, "regularizer.contractive.strength=-1"),
    ],
)
def test_arguments_that_cannot_be(changes, said):
    with pytest.raises(InputError, match=said):
        Contractive(**({"form": "exact", "probes": 1, "strength": 1.0} | changes))
