"""L1, the Kullback-Leibler divergence and L2 against numpy and scipy."""

import numpy as np
import pytest
import torch
from scipy.stats import entropy
from torch import nn
from torch.distributions import Bernoulli, kl_divergence

from dlexp.errors import InputError
from dlexp.models.generative.autoencoder import ConvolutionalAutoencoder, DenseAutoencoder
from dlexp.regularizers.l2 import L2
from dlexp.regularizers.sparse import L1, KLSparsity

IMAGES = torch.rand(6, 1, 8, 8, generator=torch.Generator().manual_seed(0))


def dense(code_activation: str = "sigmoid") -> DenseAutoencoder:
    torch.manual_seed(0)
    return DenseAutoencoder(
        image_shape=[1, 8, 8],
        latent_size=5,
        hidden_sizes=[7],
        activation="relu",
        code_activation=code_activation,
        output="sigmoid",
        dropout=0.0,
    )


def test_l1_is_the_sum_over_units_of_an_image_on_average():
    code = torch.randn(6, 5, requires_grad=True)
    price = L1(strength=0.3).penalty(dense(), IMAGES, code)
    assert price.item() == pytest.approx(0.3 * np.abs(code.detach().numpy()).sum(1).mean(), rel=1e-5)
    price.backward()
    assert torch.allclose(code.grad, 0.3 / 6 * code.detach().sign())


def test_kl_is_that_of_coins():
    model = dense()
    code = model.encode(IMAGES).detach().requires_grad_()
    price = KLSparsity(activation=0.1, strength=2.0).penalty(model, IMAGES, code)
    means = code.detach().numpy().mean(0)
    assert price.item() == pytest.approx(2 * sum(entropy([0.1, 0.9], [mean, 1 - mean]) for mean in means), rel=1e-5)

    (gradient,) = torch.autograd.grad(price, code)
    again = code.detach().requires_grad_()
    reference = 2 * kl_divergence(Bernoulli(0.1), Bernoulli(again.mean(0))).sum()
    (expected,) = torch.autograd.grad(reference, again)
    assert torch.allclose(gradient, expected, rtol=1e-4)


def test_kl_is_zero_where_the_mean_is_as_wanted():
    code = torch.tensor([[0.0, 0.3], [0.4, 0.1]])
    assert KLSparsity(activation=0.2, strength=1.0).penalty(dense(), IMAGES, code).item() == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_kl_stays_finite_where_a_unit_is_saturated(value):
    code = torch.full((4, 3), value, requires_grad=True)
    price = KLSparsity(activation=0.05, strength=1.0).penalty(dense(), IMAGES, code)
    price.backward()
    assert price.isfinite()
    assert code.grad.isfinite().all()


@pytest.mark.parametrize("activation", ["none", "relu", "tanh"])
def test_kl_refuses_codes_that_are_no_probabilities(activation):
    model = dense(activation)
    with pytest.raises(InputError, match=r"model.code_activation=sigmoid"):
        KLSparsity(activation=0.05, strength=1.0).penalty(model, IMAGES, model.encode(IMAGES))


def test_l2_counts_weights_and_filters_and_no_biases():
    filters = ConvolutionalAutoencoder(
        image_shape=[1, 8, 8], latent_size=5, width=2, activation="relu", code_activation="none", output="none"
    )
    for model in (dense(), filters):
        for bias in (p for name, p in model.named_parameters() if name.endswith("bias")):
            nn.init.constant_(bias, 1e3)
        price = L2(strength=0.5).penalty(model, IMAGES, model.encode(IMAGES))
        weights = [p.detach().numpy() for name, p in model.named_parameters() if name.endswith("weight")]
        assert price.item() == pytest.approx(0.5 * sum(np.square(w, dtype=float).sum() for w in weights), rel=1e-5)
        price.backward()
        for name, p in model.named_parameters():
            assert p.grad is None if name.endswith("bias") else torch.allclose(p.grad, p.detach())


@pytest.mark.parametrize(
    ("price", "arguments", "said"),
    [
        (L1, {"strength": -1}, "regularizer.l1.strength=-1"),
        (L2, {"strength": -1}, "regularizer.l2.strength=-1"),
        (KLSparsity, {"strength": -1, "activation": 0.1}, "regularizer.kl_sparsity.strength=-1"),
        (KLSparsity, {"strength": 1, "activation": 0}, "regularizer.kl_sparsity.activation=0"),
        (KLSparsity, {"strength": 1, "activation": 1.0}, "regularizer.kl_sparsity.activation=1.0"),
    ],
)
def test_prices_that_cannot_be(price, arguments, said):
    with pytest.raises(InputError, match=said):
        price(**arguments)
