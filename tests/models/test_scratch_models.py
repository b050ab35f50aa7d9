"""Models by hand against autograd, torch's layers and scikit-learn: scores, loss, every gradient, first weights."""

import math

import pytest
import torch
from sklearn.linear_model import LogisticRegression as Reference
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from dlexp.errors import InputError
from dlexp.models.scratch.activations import ACTIVATIONS
from dlexp.models.scratch.logistic_regression import LogisticRegression
from dlexp.models.scratch.mlp import MLPScratch
from dlexp.models.scratch.softmax_regression import SoftmaxRegression

SHAPE = [2, 3, 2]


def mlp(*, num_classes: int = 4, **changes) -> MLPScratch:
    arguments = {"input_shape": SHAPE, "hidden": 5, "activation": "relu", "dropout": 0.0} | changes
    return MLPScratch(num_classes=num_classes, **arguments)


MODELS = {
    "logistic": lambda: LogisticRegression(input_shape=SHAPE, num_classes=2),
    "softmax": lambda: SoftmaxRegression(input_shape=SHAPE, num_classes=4),
    **{name: (lambda name=name: mlp(activation=name)) for name in ACTIVATIONS},
}


def filled(name: str) -> nn.Module:
    """With random weights in double precision; those of the two convex models begin at 0."""
    model = MODELS[name]().double()
    for weight in model.parameters():
        weight.normal_()
    return model


def samples(classes: int, count: int = 9) -> tuple[Tensor, Tensor]:
    return torch.randn(count, *SHAPE, dtype=torch.float64), torch.arange(count) % classes


@pytest.mark.parametrize("name", MODELS)
def test_gradients_are_those_of_autograd(name):
    model = filled(name)
    x, labels = samples(model(torch.zeros(1, *SHAPE, dtype=torch.float64)).shape[1])
    scores, gradients = model.gradients(x, labels)
    assert torch.equal(scores, model(x))
    assert gradients.keys() == dict(model.named_parameters()).keys()
    assert not any(weight.requires_grad for weight in model.parameters())
    for weight in model.parameters():
        weight.requires_grad_()
    cross_entropy(model(x), labels).backward()
    for key, weight in model.named_parameters():
        assert gradients[key].shape == weight.shape
        torch.testing.assert_close(gradients[key], weight.grad, rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("name", MODELS)
def test_loss_is_the_mean_cross_entropy_however_large_the_scores(name):
    model = filled(name)
    x, labels = samples(model(torch.zeros(1, *SHAPE, dtype=torch.float64)).shape[1])
    for factor in (1, 1e-3, 1e4):
        scores = factor * model(x)
        torch.testing.assert_close(model.loss(scores, labels), cross_entropy(scores, labels))


@pytest.mark.parametrize("name", MODELS)
def test_gradients_stay_numbers_where_exponentials_would_not(name):
    model = filled(name).float()
    x, labels = samples(2)
    _, gradients = model.gradients(1e4 * x.float(), labels)
    assert all(gradient.isfinite().all() for gradient in gradients.values())


def test_logistic_regression_is_the_binary_one():
    model = filled("logistic")
    x, labels = samples(2)
    z = x.flatten(1) @ model.weight + model.bias
    torch.testing.assert_close(model(x).softmax(1)[:, 1], torch.sigmoid(z))
    torch.testing.assert_close(model.loss(model(x), labels), binary_cross_entropy_with_logits(z, labels.double()))


def test_logistic_regression_of_more_classes():
    with pytest.raises(InputError, match=r"two classes, the data has 3: .*softmax_scratch"):
        LogisticRegression(input_shape=SHAPE, num_classes=3)


@pytest.mark.parametrize("classes", [2, 4])
def test_the_minimum_is_that_of_scikit_learn(classes):
    """Of the loss with an L2 penalty on the weights: there, gradient and penalty cancel."""
    torch.manual_seed(1)
    x, labels = samples(classes, 60)
    penalty = 0.1
    reference = Reference(C=1 / (penalty * len(x)), solver="newton-cholesky", tol=1e-12).fit(
        x.flatten(1).numpy(), labels
    )
    weight, bias = torch.from_numpy(reference.coef_.T), torch.from_numpy(reference.intercept_)  # (D, K), (K,)
    model = (MODELS["logistic"] if classes == 2 else MODELS["softmax"])().double()
    model.load_state_dict({"weight": weight.squeeze(1), "bias": bias.squeeze()})
    _, gradients = model.gradients(x, labels)
    torch.testing.assert_close(gradients["weight"], -penalty * model.weight, rtol=0, atol=1e-8)
    torch.testing.assert_close(gradients["bias"], torch.zeros_like(model.bias), rtol=0, atol=1e-8)


@pytest.mark.parametrize(("activation", "layer"), [("relu", nn.ReLU), ("tanh", nn.Tanh), ("sigmoid", nn.Sigmoid)])
def test_mlp_equals_torch_layers(activation, layer):
    model = mlp(activation=activation)
    reference = nn.Sequential(nn.Flatten(), nn.Linear(12, 5), layer(), nn.Linear(5, 4))
    with torch.no_grad():
        for linear, number in ((reference[1], 1), (reference[3], 2)):
            linear.weight.copy_(getattr(model, f"weight{number}").T)
            linear.bias.copy_(getattr(model, f"bias{number}").normal_())
    x = torch.randn(7, *SHAPE)
    torch.testing.assert_close(model(x), reference(x))


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_slopes(activation):
    z = torch.linspace(-4, 4, 40, dtype=torch.float64, requires_grad=True)  # not through the corner of the ReLU
    function = ACTIVATIONS[activation]
    a = function.value(z)
    torch.testing.assert_close(function.slope(a), *torch.autograd.grad(a.sum(), z))


@pytest.mark.parametrize(
    ("activation", "reference"),
    [("relu", lambda w: nn.init.kaiming_normal_(w, nonlinearity="relu")), ("tanh", nn.init.xavier_normal_)],
)
def test_first_weights_have_the_spread_of_torch_init(activation, reference):
    model = mlp(input_shape=[1, 20, 20], hidden=300, activation=activation, num_classes=200)
    expected = [reference(torch.empty(300, 400)), nn.init.xavier_normal_(torch.empty(200, 300))]
    for weight, like in zip((model.weight1, model.weight2), expected, strict=True):
        assert weight.std().item() == pytest.approx(like.std().item(), rel=0.02)
        assert abs(weight.mean().item()) < 4 * weight.std().item() / math.sqrt(weight.numel())
    assert not model.bias1.any()
    assert not model.bias2.any()


def test_dropout_is_of_training_and_its_gradients_are_those_of_the_thinned_network():
    model = mlp(hidden=1000, dropout=0.3).double()
    x, labels = samples(4)
    a = model.activation.value(x.flatten(1) @ model.weight1)
    torch.manual_seed(5)
    mask = model.mask(a)
    assert set(mask.unique().tolist()) == {0.0, 1 / 0.7}
    assert (mask == 0).double().mean().item() == pytest.approx(0.3, abs=0.02)
    torch.manual_seed(5)
    scores, gradients = model.gradients(x, labels)
    weights = {name: value.clone().requires_grad_() for name, value in model.named_parameters()}
    h = (x.flatten(1) @ weights["weight1"] + weights["bias1"]).relu() * mask
    thinned = h @ weights["weight2"] + weights["bias2"]
    torch.testing.assert_close(scores, thinned)
    cross_entropy(thinned, labels).backward()
    for name, weight in weights.items():
        torch.testing.assert_close(gradients[name], weight.grad)


def test_weight_images_show_what_is_multiplied():
    x = torch.randn(3, *SHAPE, dtype=torch.float64)
    for name, bias in (("softmax", "bias"), ("logistic", "bias")):
        model = filled(name)
        summed = torch.einsum("bchw,nchw->bn", x, model.weight_images()) + getattr(model, bias)
        torch.testing.assert_close(model(x)[:, -summed.shape[1] :], summed)
    model = filled("relu")
    summed = torch.einsum("bchw,nchw->bn", x, model.weight_images()) + model.bias1
    torch.testing.assert_close(model(x), summed.relu() @ model.weight2 + model.bias2)


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"activation": "swish"}, r"model\.activation=swish .* relu, tanh, sigmoid"),
        ({"hidden": 0}, r"model\.hidden=0: .* 1 or more"),
        ({"dropout": 1.0}, r"model\.dropout=1\.0: .* below 1"),
    ],
)
def test_what_cannot_be(changes, line):
    with pytest.raises(InputError, match=line):
        mlp(**changes)
