"""The autoencoder's task against a bare loop, plain formulas and principal components."""

from functools import partial

import numpy as np
import pytest
import torch
from fitting import Loader, fit, runner
from scipy.linalg import subspace_angles
from sklearn.datasets import load_digits
from sklearn.decomposition import PCA
from torch import Tensor, nn

from dlexp.errors import InputError
from dlexp.models.generative.autoencoder import DenseAutoencoder
from dlexp.models.vision.mlp import MLP
from dlexp.optim.decay import parameter_groups
from dlexp.optim.schedules import constant, cosine
from dlexp.regularizers.regularizer import Regularizer
from dlexp.tasks.autoencoding import Autoencoding

SHAPE = [1, 2, 5]

pytestmark = pytest.mark.filterwarnings(
    *("ignore:.*LeafSpec", "ignore:.*no `val_dataloader`", "ignore:.*does not have many workers"),
    "ignore:.*log_every_n_steps",
)


class Dimmed(Regularizer):
    """Half the light, and no price."""

    def corrupt(self, x: Tensor) -> Tensor:
        return x / 2


class Shifted(Regularizer):
    """A little more light, and a price on large codes and on bright images."""

    def corrupt(self, x: Tensor) -> Tensor:
        return x + 0.1

    def penalty(self, model: nn.Module, x: Tensor, code: Tensor) -> Tensor:
        assert isinstance(model, DenseAutoencoder)
        return 0.3 * code.square().mean() + 0.2 * x.mean()


def network(**changes) -> DenseAutoencoder:
    torch.manual_seed(0)
    arguments = {"latent_size": 3, "hidden_sizes": [6], "activation": "tanh", "code_activation": "none"}
    return DenseAutoencoder(**({"image_shape": SHAPE, "output": "sigmoid", "dropout": 0.0} | arguments | changes))


def linear(size: int, shape: list[int] = SHAPE) -> DenseAutoencoder:
    return network(image_shape=shape, latent_size=size, hidden_sizes=[], output="none")


def batches(*sizes: int) -> list[tuple[Tensor, Tensor]]:
    generator = torch.Generator().manual_seed(1)
    return [(torch.rand(size, *SHAPE, generator=generator), torch.zeros(size, dtype=torch.int64)) for size in sizes]


def task(model: nn.Module | None = None, **changes) -> Autoencoding:
    arguments = {
        "optimizer": partial(torch.optim.SGD, lr=0.1),
        "scheduler": constant,
        "regularizers": {},
        "loss": "mse",
        "input_shape": SHAPE,
        "monitor": "val/mse",
        "mode": "min",
    }
    return Autoencoding(model=model or network(), **(arguments | changes))


# --- training --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", ["mse", "bce"])
def test_training_equals_a_bare_loop(loss):
    schedule = partial(cosine, warmup=0.1, final=0.1)
    adam = partial(torch.optim.AdamW, lr=0.01, weight_decay=0.1)
    regularizers = {"dimmed": Dimmed(), "shifted": Shifted()}
    module = task(optimizer=adam, scheduler=schedule, regularizers=regularizers, loss=loss)
    found = fit(module, batches(6, 6, 6), max_epochs=3)

    model = network()
    optimizer = adam(parameter_groups(model))
    scheduler = schedule(optimizer, total_steps=9)
    for _ in range(3):
        noted = []
        for x, _ in batches(6, 6, 6):
            seen = x / 2 + 0.1  # in turn
            code = model.encoder(seen)
            pixels = torch.sigmoid(model.decoder(code))
            error = (pixels - x).square().mean()
            entropy = -(x * pixels.log() + (1 - x) * (1 - pixels).log()).mean()
            penalty = 0.3 * code.square().mean() + 0.2 * seen.mean()
            whole = (error if loss == "mse" else entropy) + penalty
            optimizer.zero_grad()
            whole.backward()
            optimizer.step()
            scheduler.step()
            noted.append([whole.item(), error.item(), penalty.item()])

    for ours, theirs in zip(module.model.parameters(), model.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-6)
    means = np.mean(noted, axis=0)
    expected = dict(zip(("train/loss", "train/mse", "train/penalty_shifted"), means, strict=True))
    assert found == pytest.approx(expected | {"train/lr": scheduler.get_last_lr()[0]}, rel=1e-4)


def test_what_it_logs_is_what_it_says():
    """`logged` is what monitors are checked against before a run."""
    module = task(regularizers={"dimmed": Dimmed(), "shifted": Shifted()})
    found = set(fit(module, batches(4), batches(4)))
    trainer = runner()
    trainer.test(module, Loader(batches(4)), verbose=False)
    assert found | set(trainer.callback_metrics) == module.logged


# --- evaluation ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("loss", ["mse", "bce"])
@pytest.mark.parametrize("stage", ["val", "test"])
def test_an_evaluation_is_of_clean_images_without_a_price(loss, stage):
    module = task(loss=loss, regularizers={"dimmed": Dimmed(), "shifted": Shifted()})
    trainer = runner()
    evaluate = trainer.validate if stage == "val" else trainer.test
    (found,) = evaluate(module, Loader(batches(5, 2)), verbose=False)  # batches of two sizes weigh by their images

    x = torch.cat([images for images, _ in batches(5, 2)])
    with torch.no_grad():
        pixels = module.model(x)
    error = (pixels - x).square().mean().item()
    entropy = nn.functional.binary_cross_entropy(pixels, x).item()
    assert found == pytest.approx({f"{stage}/loss": error if loss == "mse" else entropy, f"{stage}/mse": error})


def test_cross_entropy_is_finite_where_probabilities_round_to_0_and_1():
    model = network()
    with torch.no_grad():
        model.decoder[-2].bias.copy_(torch.linspace(-200, 200, 10))
    module = task(model, loss="bce")
    (found,) = runner().test(module, Loader(batches(4)), verbose=False)
    ((x, _),) = batches(4)
    with torch.no_grad():
        logits = model.decode(model.encode(x)).double()
    expected = (logits.clamp(min=0) - logits * x + torch.log1p(torch.exp(-logits.abs()))).mean().item()
    assert found["test/loss"] == pytest.approx(expected, rel=1e-6)
    assert np.isfinite(expected)


def test_what_callbacks_and_commands_ask_for():
    module = task(network(output="none", latent_size=2)).eval()
    ((x, labels),) = batches(4)
    with torch.no_grad():
        code = module.encode(x, labels)
        images = module.decode(10 * code, labels)
        assert torch.equal(module.reconstruct(x, labels), module.model(x).clamp(0, 1))
    assert code.shape == (4, 2)
    assert images.shape == x.shape
    assert (images.min(), images.max()) == (0, 1)  # what the linear output gives beyond is cut
    assert (module.latent_size, module.num_classes) == (2, 0)
    assert module.example_input_array.shape == (1, *SHAPE)


# --- a linear autoencoder learns principal components ------------------------------------------------------


def lbfgs(groups: list[dict]) -> torch.optim.Optimizer:
    """To convergence on a whole set at once."""
    weights = [weight for group in groups for weight in group["params"]]
    return torch.optim.LBFGS(weights, lr=1, max_iter=40, history_size=30, line_search_fn="strong_wolfe")


def drawn_images() -> np.ndarray:
    """(80, 10): directions that vary by less and less."""
    random = np.random.default_rng(0)
    rotation, _ = np.linalg.qr(random.normal(size=(10, 10)))
    return 0.5 + 0.2 * random.normal(size=(80, 10)) * 0.75 ** np.arange(10) @ rotation.T


def digit_images() -> np.ndarray:
    """(300, 64): scikit-learn's, of 8 x 8 pixels."""
    return load_digits().data[:300] / 16


@pytest.mark.parametrize(
    ("images", "shape", "size"),
    [(drawn_images(), SHAPE, 1), (drawn_images(), SHAPE, 4), (digit_images(), [1, 8, 8], 3)],
    ids=["one of 10 pixels", "four of 10 pixels", "three of digits"],
)
def test_a_linear_autoencoder_is_pca(images, shape, size):
    module = task(linear(size, shape), input_shape=shape, optimizer=lbfgs)
    x = torch.tensor(images, dtype=torch.float32).unflatten(1, shape)
    batch = [(x, torch.zeros(len(x), dtype=torch.int64))]
    fit(module, batch, max_epochs=30)
    (found,) = runner().test(module, Loader(batch), verbose=False)

    pca = PCA(size).fit(images)
    projected = pca.inverse_transform(pca.transform(images))
    least = np.square(projected - images).mean()
    assert found["test/mse"] == pytest.approx(least, rel=1e-3)
    decoder = module.model.decoder[0].weight.detach().numpy()  # (D, L)
    assert np.rad2deg(subspace_angles(decoder, pca.components_.T)).max() < 1
    with torch.no_grad():  # what is given back is the projection, though the code's coordinates are any basis of it
        given_back = module.model(x).flatten(1).numpy()
    assert np.square(given_back - projected).mean() < 1e-3 * least


# --- stopped and resumed -----------------------------------------------------------------------------------


def test_resumed_within_an_epoch_bit_by_bit(resumed_beside_unbroken):
    """Dropout, noise and a price: what draws goes on where it was, and so do the means of the running epoch."""
    words = (
        *("task=autoencoder", "trainer=cpu", "trainer.max_epochs=3", "model.hidden_sizes=[16]", "model.dropout=0.3"),
        *("regularizer=[gaussian_noise,l1]", "data.limit=200", "data.validation=60", "data.batch_size=45"),
        *("logger=none", "callbacks.curves=null", "callbacks.reconstruction_figures=null"),
        *("callbacks.latent_figures=null", "model.latent_size=5"),
    )
    resumed_beside_unbroken(Autoencoding, 8, *words)


# --- what cannot be --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"loss": "mae"}, r"task\.loss=mae .*mse, bce"),
        ({"model": network(output="none"), "loss": "bce"}, r"task\.loss=bce .*model\.output=sigmoid"),
        ({"input_shape": [2]}, "samples are 2 numbers"),
        ({"input_shape": [1, 5, 5]}, "cannot take the data's 1x5x5 images"),
        ({"input_shape": [1, 5, 2]}, "gives 1x2x5 for images of 1x5x2"),
        ({"model": nn.Linear(2, 2)}, "Linear does not encode .*model=autoencoder"),
        (
            {"model": MLP(input_shape=SHAPE, num_classes=3, hidden_sizes=[3], activation="relu", dropout=0.0)},
            "MLP does not encode an image to one code .*model=autoencoder",
        ),
    ],
    ids=["loss", "output", "points", "size", "sides", "linear", "classifier"],
)
def test_bad_arguments(changes, line):
    with pytest.raises(InputError, match=line):
        task(**changes)


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (("task=autoencoder", "model=lenet"), ("LeNet5", "model=autoencoder")),
        (("task=autoencoder", "model=vae"), ("DenseVAE", "model=autoencoder")),
        (("task=autoencoder", "data=clouds"), ("images",)),
        (("task=autoencoder", "data.mean=[0.13]"), ("data.mean at [0.0]",)),
        (("task=autoencoder", "optimizer=adam_scratch"), ("optimizer Adam", "autograd")),
        (("task=cnn_compare", "model=autoencoder"), ("DenseAutoencoder", "10 classes")),
    ],
    ids=lambda part: " ".join(part),
)
def test_parts_that_do_not_fit(refused, words, parts):
    refused("trainer=debug", *words, parts=parts)


def test_looking_whether_the_model_fits_leaves_it_as_it_was():
    model = network(dropout=0.5)
    state = torch.get_rng_state()
    task(model)
    assert model.training
    assert torch.equal(torch.get_rng_state(), state)


def test_a_loss_that_is_no_number():
    module = task(optimizer=partial(torch.optim.SGD, lr=float("inf")))
    with pytest.raises(InputError, match=r"became (nan|inf) in epoch 1.*optimizer\.lr"):
        fit(module, batches(3, 3))
