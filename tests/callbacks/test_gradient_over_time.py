"""Gradients by time step: against closed forms and differences, and without a trace in the training."""

import signal
import warnings
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from lightning.pytorch import Callback, Trainer
from torch import Tensor, nn

from dlexp.callbacks.gradient_over_time import GradientOverTime, gradient_norms
from dlexp.callbacks.input_gradient import input_gradient
from dlexp.data.adding import Adding
from dlexp.errors import Diverged, InputError, Interrupted
from dlexp.models.sequence.recurrent_reader import RecurrentReader
from dlexp.optim.schedules import constant
from dlexp.reporting.profile import kept
from dlexp.tasks.sequence_regression import SequenceRegression


class Linear(nn.Module):
    """h' = a h + w x, the answer v h: what arrives at step t is v a^(T - t) w."""

    def __init__(self, a: float) -> None:
        super().__init__()
        self.a = nn.Parameter(torch.tensor(a, dtype=torch.float64))
        self.w = nn.Parameter(torch.tensor([0.6, -0.8], dtype=torch.float64))
        self.v = nn.Parameter(torch.tensor(1.7, dtype=torch.float64))

    def forward(self, x: Tensor) -> Tensor:
        h = torch.zeros(len(x), dtype=x.dtype)
        for given in x.unbind(1):  # (B, D)
            h = self.a * h + given @ self.w
        return self.v * h[:, None]


def reader(cell: str, **changes) -> RecurrentReader:
    torch.manual_seed(0)
    arguments = {"input_shape": [8, 2], "cell": cell, "hidden_size": 5, "layers": 1, "bidirectional": False}
    arguments |= {"dropout": 0.0, "activation": "tanh", "implementation": "torch", "initialisation": "default"}
    return RecurrentReader(**(arguments | {"chrono": None, "truncate": None} | changes))


def sequences(count: int = 6, length: int = 8) -> Tensor:
    return torch.rand(count, length, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(1))


# --- the numbers --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("a", [0.5, 1.0, 1.3])
def test_vanishes_stays_or_explodes_as_a_linear_net_must(a):
    expected = 1.7 * a ** np.arange(7, -1, -1)  # |w| = 1
    np.testing.assert_allclose(gradient_norms(Linear(a), sequences(), 6).numpy(), expected, rtol=1e-12)


def test_what_has_vanished_is_still_a_number():
    """Of 200 steps by a factor of 0.5: 1e-60, where a float32 ends at 1e-45."""
    norms = gradient_norms(Linear(0.5).float(), sequences(2, 200).float(), 2)
    np.testing.assert_allclose(norms.numpy(), 1.7 * 0.5 ** np.arange(199.0, -1, -1), rtol=1e-5)


@pytest.mark.parametrize("cell", ["elman", "lstm", "gru"])
def test_against_differences(cell):
    x = sequences(count=3)
    model = reader(cell).double()

    def answers(inputs: Tensor) -> np.ndarray:
        with torch.no_grad():
            return model(inputs)[:, 0].numpy()  # of each sequence (N,)

    step = 1e-5
    gradient = np.empty((3, 8, 2))
    for t, d in np.ndindex(8, 2):
        shift = torch.zeros_like(x)
        shift[:, t, d] = step
        gradient[:, t, d] = (answers(x + shift) - answers(x - shift)) / (2 * step)
    expected = np.sqrt(np.square(gradient).sum(2)).mean(0)  # (T,)
    for size in (1, 2, 3, 50):  # at once
        np.testing.assert_allclose(gradient_norms(model, x, size).numpy(), expected, rtol=1e-6)


def test_the_gradient_of_a_truncated_net_ends():
    norms = gradient_norms(reader("gru", truncate=3).double(), sequences(), 6)
    assert (norms[:5] == 0).all()
    assert (norms[5:] > 0).all()


def test_leaves_nothing_behind_and_draws_nothing():
    model = reader("lstm", layers=2, dropout=0.5)
    x, state = sequences().float(), torch.get_rng_state()
    first = gradient_norms(model, x, 6)
    with torch.inference_mode():  # as within a test
        again = input_gradient(model, x, Tensor.sum)
    assert again.dtype == torch.float64
    torch.testing.assert_close(first, again.norm(dim=2).mean(0))
    assert torch.equal(torch.get_rng_state(), state)
    assert model.training
    assert all(weight.grad is None for weight in model.parameters())
    assert all(weight.requires_grad and weight.dtype == torch.float32 for weight in model.parameters())
    assert not x.requires_grad


# --- in a training ------------------------------------------------------------------------------------------


def train(tmp_path, *callbacks: Callback, epochs: int = 4, **options) -> tuple[Trainer, SequenceRegression]:
    sizes = {"batches": 2, "validation": 12, "test": 12, "draw": 0, "batch_size": 8, "eval_batch_size": 12, "seed": 0}
    module = SequenceRegression(
        model=reader("gru", layers=2, dropout=0.4),
        optimizer=partial(torch.optim.Adam, lr=0.01),
        scheduler=constant,
        input_shape=[8, 2],
        monitor="val/mse",
        mode="min",
    )
    trainer = Trainer(
        accelerator="cpu",
        callbacks=list(callbacks),
        max_epochs=epochs,
        default_root_dir=tmp_path,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        **options,
    )
    torch.manual_seed(5)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trainer.fit(module, Adding(length=8, input_shape=[8, 2], num_classes=0, **sizes))
    return trainer, module


def watcher(folder, **changes) -> GradientOverTime:
    return GradientOverTime(**({"folder": str(folder), "sequences": 10, "between": 1} | changes))


def test_a_training_that_is_watched_is_the_same(tmp_path):
    _, watched = train(tmp_path, watcher(tmp_path))
    _, plain = train(tmp_path)
    for ours, theirs in zip(watched.parameters(), plain.parameters(), strict=True):
        assert torch.equal(ours, theirs)


@pytest.mark.parametrize(
    ("epochs", "between", "steps"),
    [
        (4, 0, [0, 8]),
        (4, 1, [0, 4, 8]),
        (4, 3, [0, 2, 4, 6, 8]),
        (4, 99, [0, 2, 4, 6, 8]),
        (5, 1, [0, 6, 10]),
        (1, 3, [0, 2]),
    ],
)
def test_before_between_and_after(tmp_path, epochs, between, steps):
    callback = watcher(tmp_path, between=between)
    train(tmp_path, callback, epochs=epochs)
    assert list(callback.norms) == steps
    assert (tmp_path / "figures" / "gradient_over_time.png").exists()


def test_keeps_what_a_study_lays_together(tmp_path):
    callback = watcher(tmp_path)
    _, module = train(tmp_path, callback)
    profiles = kept(tmp_path)
    assert set(profiles) == {"gradient_at_the_start", "gradient_at_the_end"}
    assert profiles["gradient_at_the_start"].x == list(range(8))
    assert profiles["gradient_at_the_start"].y == callback.norms[0][::-1]
    assert profiles["gradient_at_the_end"].logarithmic
    data = Adding(
        **{"length": 8, "input_shape": [8, 2], "num_classes": 0, "batches": 2, "validation": 12, "test": 12, "draw": 0},
        **{"batch_size": 8, "eval_batch_size": 12, "seed": 0},
    )
    data.setup()
    x = data.splits["val"][0][:10]
    assert profiles["gradient_at_the_end"].y == pytest.approx(gradient_norms(module.model, x, 12).tolist()[::-1])


def test_measures_the_end_of_a_training_that_was_cut_short(tmp_path):
    callback = watcher(tmp_path)
    train(tmp_path, callback, epochs=-1, max_steps=3)
    assert list(callback.norms) == [0, 3]


class Explodes(Callback):
    """In the `step`-th step, with weights that are `worth` so much."""

    def __init__(self, step: int, worth: float) -> None:
        self.step = step
        self.worth = worth

    def on_train_batch_end(self, trainer, pl_module, *_) -> None:
        if trainer.global_step == self.step:
            with torch.no_grad():
                pl_module.model.answer.weight.fill_(self.worth)
            raise Diverged("mse became nan")


@pytest.mark.parametrize(
    ("step", "worth", "steps"),
    [(5, float("nan"), [0, 4]), (5, 1e30, [0, 4, 5]), (1, float("nan"), [0]), (1, 1e30, [0, 1])],
)
def test_a_training_that_diverges_leaves_what_was_measured(tmp_path, step, worth, steps):
    callback = watcher(tmp_path)
    with pytest.raises(Diverged):
        train(tmp_path, callback, Explodes(step, worth))
    assert list(callback.norms) == steps
    assert np.isfinite([*callback.norms.values()]).all()
    assert (tmp_path / "figures" / "gradient_over_time.png").exists()
    profiles = kept(tmp_path)
    assert profiles["gradient_at_the_start"].y == callback.norms[0][::-1]
    if len(steps) > 1:
        assert profiles["gradient_at_the_end"].y == callback.norms[steps[-1]][::-1]
        assert "before it diverged" in profiles["gradient_at_the_end"].title
    else:
        assert "gradient_at_the_end" not in profiles


def test_the_start_is_kept_at_the_start(tmp_path):
    class Killed(Callback):
        def on_train_batch_end(self, *_) -> None:
            raise Interrupted(signal.SIGTERM)

    with pytest.raises((Interrupted, SystemExit)):
        train(tmp_path, watcher(tmp_path), Killed())
    assert set(kept(tmp_path)) == {"gradient_at_the_start"}
    assert not (tmp_path / "figures").exists()


@pytest.mark.parametrize("precision", ["64-true", "bf16-true", "bf16-mixed"])
def test_in_every_precision_the_gradient_is_that_of_the_weights_in_double(tmp_path, precision):
    callback = watcher(tmp_path)
    trainer, module = train(tmp_path, callback, epochs=1, precision=precision)
    x = trainer.datamodule.splits["val"][0][:10]
    expected = gradient_norms(module.model.double(), x.double(), 10)
    assert callback.norms[2] == pytest.approx(expected.tolist(), rel=1e-12)


def test_goes_on_after_a_resume(tmp_path):
    callback, other = watcher(tmp_path), watcher(tmp_path)
    train(tmp_path, callback)
    other.load_state_dict(callback.state_dict())
    assert other.norms == callback.norms
    other.on_train_start(SimpleNamespace(is_global_zero=False, fast_dev_run=False), None)  # does not measure again
    assert list(other.norms) == [0, 4, 8]


def test_keeps_nothing_of_a_trial_run(tmp_path):
    train(tmp_path, watcher(tmp_path), fast_dev_run=True)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("changes", [{"sequences": 0}, {"between": -1}, {"between": 1.5}, {"between": True}])
def test_bad_arguments(tmp_path, changes):
    ((key, value),) = changes.items()
    with pytest.raises(InputError, match=rf"callbacks\.gradient_over_time\.{key}={value}"):
        watcher(tmp_path, **changes)
