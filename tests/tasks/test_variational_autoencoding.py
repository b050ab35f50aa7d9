"""The variational task against closed forms: a linear-Gaussian model, whose likelihood is known exactly."""

import os
import signal
from functools import partial

import numpy as np
import pytest
import torch
from fitting import Loader, runner
from lightning.pytorch import Trainer
from scipy.stats import multivariate_normal
from torch import Tensor, nn

from dlexp.errors import InputError
from dlexp.models.generative.autoencoder import DenseAutoencoder
from dlexp.models.generative.vae import ConvolutionalVAE, DenseVAE
from dlexp.models.vision.mlp import MLP
from dlexp.optim.schedules import constant
from dlexp.tasks.binarisation import draw, threshold
from dlexp.tasks.variational_autoencoding import VariationalAutoencoding

SHAPE, PIXELS, SCALE = [1, 3, 2], 6, 0.5

pytestmark = pytest.mark.filterwarnings(
    *("ignore:.*LeafSpec", "ignore:.*no `val_dataloader`", "ignore:.*does not have many workers"),
    "ignore:.*log_every_n_steps",
)


def network(**changes) -> DenseVAE:
    torch.manual_seed(0)
    arguments = {"num_classes": 0, "latent_size": 2, "hidden_sizes": [8], "activation": "tanh", "output": "sigmoid"}
    return DenseVAE(**({"image_shape": SHAPE, "dropout": 0.0} | arguments | changes))


def task(model: nn.Module | None = None, **changes) -> VariationalAutoencoding:
    arguments = {
        "optimizer": partial(torch.optim.SGD, lr=0.01),
        "scheduler": constant,
        "likelihood": "bernoulli",
        "scale": None,
        "binarize": "none",
        "beta": 1.0,
        "warm_up": 0,
        "samples": 1,
        "importance_samples": 7,
        "input_shape": SHAPE,
        "monitor": "val/elbo",
        "mode": "max",
    }
    return VariationalAutoencoding(model=model or network(), **(arguments | changes))


def batches(count: int = 3, size: int = 5, classes: int = 1) -> list[tuple[Tensor, Tensor]]:
    generator = torch.Generator().manual_seed(1)
    return [
        (torch.rand(size, *SHAPE, generator=generator), torch.randint(classes, (size,), generator=generator))
        for _ in range(count)
    ]


def fit(module: VariationalAutoencoding, train: list, val: list | None = None, **options) -> Trainer:
    torch.manual_seed(2)
    trainer = runner(**options)
    trainer.fit(module, Loader(train), Loader(val) if val else None)
    return trainer


def judged(module: VariationalAutoencoding, data: list, stage: str = "test") -> dict[str, float]:
    """The metrics of a test or a validation."""
    (metrics,) = getattr(runner(), {"test": "test", "val": "validate"}[stage])(module, Loader(data), verbose=False)
    return metrics


def weights(module: VariationalAutoencoding) -> Tensor:
    return nn.utils.parameters_to_vector(module.parameters()).detach()


# --- a linear-Gaussian model -----------------------------------------------------------------------------


def linear_gaussian() -> tuple[VariationalAutoencoding, np.ndarray, np.ndarray]:
    """x = W z + b + noise, the columns of W orthogonal, and the exact posterior for an encoder; mean, covariance."""
    model = network(hidden_sizes=[], output="none")
    generator = torch.Generator().manual_seed(3)
    directions, _ = torch.linalg.qr(torch.randn(PIXELS, 2, generator=generator))
    w, b = directions * torch.tensor([1.5, 0.4]), torch.rand(PIXELS, generator=generator)
    precision = 1 + w.square().sum(0) / SCALE**2  # (2,)
    to_mean = w.T / SCALE**2 / precision[:, None]  # (2, D)
    with torch.no_grad():
        decoder, encoder = model.decoder[0], model.encoder[1]
        decoder.weight.copy_(w)
        decoder.bias.copy_(b)
        encoder.weight.copy_(torch.cat([to_mean, torch.zeros(2, PIXELS)]))
        encoder.bias.copy_(torch.cat([-to_mean @ b, -precision.log()]))
    module = task(model, likelihood="gaussian", scale=SCALE)
    covariance = (w @ w.T + SCALE**2 * torch.eye(PIXELS)).double()
    return module, b.double().numpy(), covariance.numpy()


def drawn(mean: np.ndarray, covariance: np.ndarray, size: int) -> Tensor:
    samples = np.random.default_rng(0).multivariate_normal(mean, covariance, size)
    return torch.from_numpy(samples).float().reshape(size, *SHAPE)


def test_with_the_exact_posterior_the_bound_is_the_likelihood():
    module, mean, covariance = linear_gaussian()
    x = drawn(mean, covariance, 4000)
    truth = multivariate_normal(mean, covariance).logpdf(x.flatten(1).double().numpy()).mean()
    metrics = judged(module, [(part, torch.zeros(len(part), dtype=torch.int64)) for part in x.split(1500)])
    assert metrics["test/nll"] == pytest.approx(-truth, abs=1e-4)  # each weight is exact
    assert metrics["test/elbo"] == pytest.approx(truth, abs=0.1)  # one z an image, and the KL in closed form
    assert metrics["test/elbo"] == pytest.approx(-metrics["test/kl"] - metrics["test/reconstruction"], abs=1e-4)
    assert metrics["test/active_units"] == 1


def test_units_that_say_nothing_are_found():
    module, mean, covariance = linear_gaussian()
    with torch.no_grad():
        module.model.encoder[1].weight[[1, 3]] = 0  # mean and log variance of the second unit
        module.model.encoder[1].bias[[1, 3]] = 0
    x = drawn(mean, covariance, 500)
    metrics = judged(module, [(x, torch.zeros(500, dtype=torch.int64))])
    assert metrics["test/active_units"] == 0.5
    assert module.active.tolist() == [True, False]
    assert module.unit_kl[1].item() == 0
    assert module.unit_kl.sum().item() == pytest.approx(metrics["test/kl"], rel=1e-5)
    assert -metrics["test/nll"] > metrics["test/elbo"]  # a bound that is no longer exact


def test_training_finds_the_scale_of_the_noise():
    module, mean, covariance = linear_gaussian()
    free = task(module.model, likelihood="gaussian", optimizer=partial(torch.optim.Adam, lr=0.02))
    for weight in free.model.parameters():
        weight.requires_grad_(False)
    next(free.model.parameters()).requires_grad_(True)  # a task without any weight is refused
    x = drawn(mean, covariance, 2000)
    fit(free, [(part, torch.zeros(len(part), dtype=torch.int64)) for part in x.split(500)], max_epochs=40)
    assert free.log_scale.exp().item() == pytest.approx(SCALE, rel=0.1)
    assert "log_scale" in task(likelihood="gaussian", scale=0.3).state_dict()
    assert task(likelihood="gaussian", scale=0.3).log_scale.exp().item() == pytest.approx(0.3)


# --- training --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("beta", [1.0, 4.0])
def test_a_step_equals_a_bare_one(beta):
    module, ((x, y),) = task(beta=beta), batches(1)
    trainer = fit(module, [(x, y)])

    model = network()
    torch.manual_seed(2)
    mean, log_variance = model.encoder(x).chunk(2, 1)
    posterior = torch.distributions.Normal(mean, (0.5 * log_variance).exp())
    torch.manual_seed(2)
    z = mean + posterior.stddev * torch.randn(1, *mean.shape)[0]
    reconstruction = nn.functional.binary_cross_entropy_with_logits(model.decoder(z), x, reduction="none")
    reconstruction = reconstruction.sum((1, 2, 3)).mean()
    kl = torch.distributions.kl_divergence(posterior, torch.distributions.Normal(0.0, 1.0)).sum(1).mean()
    (reconstruction + beta * kl).backward()
    for found, weight in zip(module.model.parameters(), model.parameters(), strict=True):
        torch.testing.assert_close(found.data, (weight - 0.01 * weight.grad).data)
    metrics = trainer.callback_metrics
    assert metrics["train/kl"].item() == pytest.approx(kl.item(), rel=1e-5)
    assert metrics["train/reconstruction"].item() == pytest.approx(reconstruction.item(), rel=1e-5)
    assert metrics["train/loss"].item() == pytest.approx((reconstruction + beta * kl).item(), rel=1e-5)


def test_several_samples_train_the_tighter_bound():
    ((x, y),) = batches(1)
    losses = {}
    for samples in (1, 5, 50):
        metrics = fit(task(samples=samples), [(x.repeat(100, 1, 1, 1), y.repeat(100))]).callback_metrics
        losses[samples] = metrics["train/loss"].item()
        assert losses[samples] <= (metrics["train/kl"] + metrics["train/reconstruction"]).item() + 1e-5
    assert losses[50] < losses[5] < losses[1]


@pytest.mark.parametrize("accumulate", [1, 2])
def test_the_weight_of_the_kl_rises_by_steps(accumulate):
    module, seen = task(beta=2.0, warm_up=2), []
    ask = module.kl_weight
    module.kl_weight = lambda: seen.append(ask()) or seen[-1]
    fit(module, batches(4), max_epochs=3, accumulate_grad_batches=accumulate)
    steps = [0, 1, 2, 3, 4, 5, 6, 7, 8, 8, 8, 8] if accumulate == 1 else [0, 0, 2, 2, 4, 4, 6, 6, 8, 8, 8, 8]
    assert seen == pytest.approx([2.0 * step / 8 for step in steps])


def test_training_does_not_depend_on_validation():
    ends = []
    for options in ({}, {"val": batches(2)}, {"val": batches(4, 3)}):
        module = task(binarize="dynamic")
        fit(module, batches(), max_epochs=2, **options)
        ends.append(weights(module))
    assert all(torch.equal(end, ends[0]) for end in ends)


@pytest.mark.parametrize("stage", ["val", "test"])
def test_what_is_judged_twice_has_the_same_numbers(stage):
    module = task(binarize="dynamic")
    first = judged(module, batches(), stage)
    torch.rand(5)
    assert judged(module, batches(), stage) == first


def test_binarisation_draws_white_as_often_as_a_pixel_says():
    torch.manual_seed(0)
    x = torch.tensor([0.0, 0.2, 0.5, 1.0]).expand(20_000, 4)
    first, second = draw(x, None), draw(x, None)
    assert first.unique().tolist() == [0, 1]
    torch.testing.assert_close(first.mean(0), x[0], atol=0.015, rtol=0)
    assert not torch.equal(first, second)  # anew for each batch
    again = [draw(x, torch.Generator().manual_seed(4)) for _ in range(2)]
    assert torch.equal(*again)
    assert threshold(x[:1], None).tolist() == [[0, 0, 1, 1]]


def test_what_it_logs_is_what_it_says():
    for importance_samples in (0, 3):
        module = task(importance_samples=importance_samples)
        found = set(fit(module, batches(1), batches(1)).callback_metrics)
        assert found | set(judged(module, batches(1))) == module.logged


# --- what it offers --------------------------------------------------------------------------------------


def test_a_code_is_the_posterior_mean_of_what_the_training_saw():
    x, labels = torch.rand(4, *SHAPE), torch.zeros(4, dtype=torch.int64)
    for binarize, seen in (("none", x), ("threshold", x.round()), ("dynamic", x.round())):
        module = task(binarize=binarize)
        code = module.encode(x, labels)
        torch.testing.assert_close(code, module.model.encoder(seen)[:, :2])
        torch.testing.assert_close(module.decode(code, labels), module.model.decoder(code).sigmoid())
        torch.testing.assert_close(module.reconstruct(x, labels), module.decode(code, labels))


def test_what_is_drawn_depends_on_the_generator_alone_and_has_the_classes_asked_for():
    model = network(num_classes=3, hidden_sizes=[])
    with torch.no_grad():  # each class lights a pixel of its own, whatever z is
        model.decoder[0].weight.zero_()
        model.decoder[0].bias.fill_(-30.0)
        model.decoder[0].weight[:3, 2:] = 60 * torch.eye(3)
    module = task(model)
    first, again = (module.generate(7, torch.Generator().manual_seed(0)) for _ in range(2))
    assert torch.equal(first, again)
    assert (first.shape, first.dtype) == ((7, *SHAPE), torch.float32)
    assert first.flatten(1).argmax(1).tolist() == [0, 1, 2, 0, 1, 2, 0]
    asked = module.generate(4, torch.Generator(), torch.tensor([2, 2, 0, 1]))
    assert asked.flatten(1).argmax(1).tolist() == [2, 2, 0, 1]
    assert (module.num_classes, module.latent_size) == (3, 2)


def test_a_convolutional_conditional_one_learns():
    shape = [1, 8, 8]
    arguments = {"latent_size": 2, "width": 4, "activation": "relu", "output": "sigmoid"}
    torch.manual_seed(0)
    model = ConvolutionalVAE(image_shape=shape, num_classes=2, **arguments)
    module = task(model, input_shape=shape, optimizer=partial(torch.optim.Adam, lr=0.01), samples=3)
    labels = torch.arange(16) % 2
    data = [(labels.float()[:, None, None, None].expand(-1, *shape), labels)]  # black or white, as the class says
    before = judged(module, data)["test/nll"]
    fit(module, data, max_epochs=30)
    assert judged(module, data)["test/nll"] < 0.5 * before


# --- whole runs ------------------------------------------------------------------------------------------

SMALL = (
    *("task=vae", "trainer=cpu", "trainer.max_epochs=3", "data.limit=100", "data.validation=40", "data.batch_size=25"),
    *("model.hidden_sizes=[16]", "model.latent_size=3", "logger=none", "callbacks=[default]", "callbacks.curves=null"),
    *("callbacks.sample_figures=null", "callbacks.vae_figures=null", "callbacks.reconstruction_figures=null"),
    *("callbacks.latent_figures=null", "callbacks.sample_quality=null"),
)
DRAWS = ("task.binarize=dynamic", "task.samples=2", "task.warm_up=2", "task.importance_samples=5", "model.dropout=0.2")


def test_a_run_stopped_within_an_epoch_goes_on_bit_by_bit(launch, tmp_path, monkeypatch):
    words = (*SMALL, *DRAWS)
    unbroken = launch(*words, folder=tmp_path / "unbroken")
    assert (unbroken.code, unbroken.err) == (0, "")
    original, calls = VariationalAutoencoding.training_step, []

    def interrupted(*args):
        calls.append(1)
        if len(calls) == 7:  # the third of four steps of the second epoch
            os.kill(os.getpid(), signal.SIGINT)
        return original(*args)

    monkeypatch.setattr(VariationalAutoencoding, "training_step", interrupted)
    stopped = launch(*words, folder=tmp_path / "stopped")
    assert stopped.result["status"] == "interrupted"
    resumed = launch(*words, f'ckpt="{stopped.folder}/checkpoints/last.ckpt"', folder=tmp_path / "resumed")
    assert (resumed.code, resumed.err) == (0, "")
    assert resumed.history == unbroken.history
    assert resumed.result["metrics"] == unbroken.result["metrics"]
    assert len(calls) < 7 + 3 * 4  # it did not begin anew


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (("model=lenet",), "LeNet5 has no Gaussian over codes: choose one such as model=vae"),
        (("data=clouds",), "image"),
        (("data.mean=[0.5]",), "data.mean at [0.0]"),
        (("model=vae_conditional", "model.num_classes=4"), "set model.num_classes=10, or 0"),
    ],
    ids=lambda part: " ".join(part) if isinstance(part, tuple) else "",
)
def test_parts_that_do_not_fit(refused, words, line):
    refused("task=vae", "trainer=debug", *words, parts=[line])


# --- what cannot be --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"likelihood": "laplace"}, r"task\.likelihood=laplace .*bernoulli, gaussian"),
        ({"binarize": "yes"}, r"task\.binarize=yes .*none, threshold, dynamic"),
        ({"beta": -1}, r"task\.beta=-1: give a number, 0 or more"),
        ({"beta": "much"}, r"task\.beta=much"),
        ({"warm_up": -1}, r"task\.warm_up=-1"),
        ({"samples": 0}, r"task\.samples=0: give a whole number, 1 or more"),
        ({"samples": 1.5}, r"task\.samples=1\.5"),
        ({"importance_samples": -3}, r"task\.importance_samples=-3"),
        ({"samples": 5, "beta": 4.0}, r"task\.samples=5 .* set task\.beta=1 or task\.samples=1"),
        ({"scale": 0.1}, r"task\.scale=0\.1 is of task\.likelihood=gaussian"),
        ({"likelihood": "gaussian", "scale": 0}, r"task\.scale=0: .*above 0"),
        ({"input_shape": [2]}, "samples are 2 numbers"),
        ({"input_shape": [1, 5, 5]}, "cannot take the data's 1x5x5 images"),
    ],
    ids=str,
)
def test_bad_arguments(changes, line):
    with pytest.raises(InputError, match=line):
        task(**changes)


def test_models_that_are_none():
    style = {"image_shape": SHAPE, "latent_size": 2, "hidden_sizes": [3], "activation": "relu", "dropout": 0.0}
    autoencoder = DenseAutoencoder(code_activation="none", output="sigmoid", **style)
    classifier = MLP(input_shape=SHAPE, num_classes=3, hidden_sizes=[3], activation="relu", dropout=0.0)
    for model in (autoencoder, classifier):
        with pytest.raises(InputError, match="has no Gaussian over codes"):
            task(model)
    with pytest.raises(InputError, match=r"model\.output=sigmoid"):
        task(network(output="none"))


def test_a_loss_that_is_no_number():
    module = task(optimizer=partial(torch.optim.SGD, lr=float("inf")))
    with pytest.raises(InputError, match=r"became (nan|inf) in epoch 1.*optimizer\.lr"):
        fit(module, batches(3))
