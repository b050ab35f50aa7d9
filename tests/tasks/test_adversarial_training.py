"""Adversarial training against a bare loop in PyTorch, and as a game: who learns when, from what, and how well."""

import contextlib
from collections.abc import Iterator
from copy import deepcopy
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar

import numpy as np
import pytest
import torch
from lightning.pytorch import Callback, Trainer
from lightning.pytorch.plugins import MixedPrecision
from torch import Tensor, nn
from torch.nn.functional import relu, softplus

from dlexp.callbacks.checkpoint import Checkpoint
from dlexp.data.image_data import Arrays, ImageData
from dlexp.errors import InputError
from dlexp.models.generative.autoencoder import DenseAutoencoder
from dlexp.models.generative.gan import GAN
from dlexp.optim.decay import parameter_groups
from dlexp.optim.schedules import constant, cosine
from dlexp.tasks.adversarial_training import AdversarialTraining

SHAPE, LATENT = [1, 2, 3], 4
LOSSES = ("non_saturating", "hinge", "wasserstein")
pytestmark = pytest.mark.filterwarnings(
    *("ignore:.*LeafSpec", "ignore:.*no `val_dataloader`", "ignore:.*does not have many workers"),
    *("ignore:.*bfloat16", "ignore:.*callbacks used to create", "ignore:Checkpoint directory"),
)


def players(**changes) -> GAN:
    torch.manual_seed(0)
    options = {"image_shape": SHAPE, "num_classes": 0, "latent_size": LATENT, "hidden_sizes": [8]}
    return GAN(**(options | {"discriminator_norm": "none", "dropout": 0.0} | changes))


def task(model: nn.Module | None = None, **changes) -> AdversarialTraining:
    arguments = {
        "optimizer": partial(torch.optim.Adam, lr=0.01, betas=(0.5, 0.9)),
        "scheduler": constant,
        "input_shape": SHAPE,
        "loss": "non_saturating",
        "gradient_penalty": 0.0,
        "discriminator_steps": 1,
        "discriminator_lr": 1.0,
        "ema_decay": 0.0,
        "monitor": "val/score_fake",
        "mode": "max",
    }
    return AdversarialTraining(model=model or players(), **(arguments | changes))


def batches(count: int = 4, size: int = 6) -> list[tuple[Tensor, Tensor]]:
    generator = torch.Generator().manual_seed(1)
    return [
        (torch.rand(size, *SHAPE, generator=generator), torch.randint(3, (size,), generator=generator))
        for _ in range(count)
    ]


def trainer(*callbacks: Callback, **options) -> Trainer:
    plain = {"accelerator": "cpu", "logger": False, "enable_progress_bar": False, "enable_model_summary": False}
    checkpoints = any(isinstance(callback, Checkpoint) for callback in callbacks)
    plain |= {"num_sanity_val_steps": 0, "max_epochs": 1, "enable_checkpointing": checkpoints}
    return Trainer(callbacks=list(callbacks), **(plain | options))


def fit(module: AdversarialTraining, train: list, val: list | None = None, **options) -> Trainer:
    torch.manual_seed(5)
    found = trainer(**options)
    found.fit(module, Batches(train), Batches(val) if val else None)
    return found


class Batches:
    """Batches in their order. torch's own would draw a seed in each epoch, and a bare loop draws none."""

    def __init__(self, data: list) -> None:
        self.data = data

    def __len__(self) -> int:
        return len(self.data)

    def __iter__(self) -> Iterator:
        return iter(self.data)


def weights(module: nn.Module) -> list[Tensor]:
    return [weight.detach().clone() for weight in module.parameters()]


def equal(one: list[Tensor], other: list[Tensor]) -> list[bool]:
    return [torch.equal(a, b) for a, b in zip(one, other, strict=True)]


def bare_losses(name: str):
    """Of the discriminator and of the generator, written out."""
    if name == "non_saturating":
        return lambda r, f: softplus(-r).mean() + softplus(f).mean(), lambda f: softplus(-f).mean()
    lead = {"hinge": lambda r, f: (relu(1 - r) + relu(1 + f)).mean(), "wasserstein": lambda r, f: (f - r).mean()}[name]
    return lead, lambda f: -f.mean()


@pytest.mark.parametrize(
    ("loss", "penalty", "every"), [("non_saturating", 0, 1), ("hinge", 0, 2), ("wasserstein", 5, 3)]
)
def test_training_equals_a_bare_loop(loss, penalty, every):
    """Both steps, both schedules and the average, over epochs whose batches are no multiple of the generator's."""
    epochs, decay = 2, 0.8
    schedule = partial(cosine, warmup=0.3, final=0.1)
    changes = {"loss": loss, "gradient_penalty": float(penalty), "discriminator_steps": every, "scheduler": schedule}
    module = task(ema_decay=decay, discriminator_lr=2.0, **changes)
    found = fit(module, batches(5), max_epochs=epochs)

    model, steps = players(), 5 * epochs
    generator, discriminator = model.generator, model.discriminator
    average = deepcopy(generator)
    of_generator = torch.optim.Adam(parameter_groups(generator), lr=0.01, betas=(0.5, 0.9))
    of_discriminator = torch.optim.Adam(parameter_groups(discriminator), lr=0.02, betas=(0.5, 0.9))
    schedules = schedule(of_generator, total_steps=steps // every), schedule(of_discriminator, total_steps=steps)
    lose, draw = bare_losses(loss)
    torch.manual_seed(5)
    seen = []
    for step, (x, labels) in enumerate(batches(5) * epochs, 1):
        fake = generator(torch.randn(len(x), LATENT), labels).detach()
        real_score, fake_score = discriminator(x, labels), discriminator(fake, labels)
        total = value = lose(real_score, fake_score)
        if penalty:
            share = torch.rand(len(x), 1, 1, 1)
            between = (share * x + (1 - share) * fake).requires_grad_()
            (slope,) = torch.autograd.grad(discriminator(between, labels).sum(), between, create_graph=True)
            total = value + penalty * ((slope.square().sum((1, 2, 3)).sqrt() - 1) ** 2).mean()
        seen.append((value.item(), real_score.mean().item()))
        of_discriminator.zero_grad()
        total.backward()
        of_discriminator.step()
        schedules[1].step()
        if step % every == 0:
            of_generator.zero_grad()
            draw(discriminator(generator(torch.randn(len(x), LATENT), labels), labels)).backward()
            of_generator.step()
            schedules[0].step()
            with torch.no_grad():
                for mean, now in zip(average.state_dict().values(), generator.state_dict().values(), strict=True):
                    mean.copy_(decay * mean + (1 - decay) * now if mean.is_floating_point() else now)

    for ours, theirs in zip(module.model.state_dict().values(), model.state_dict().values(), strict=True):
        torch.testing.assert_close(ours, theirs)
    for ours, theirs in zip(module.averaged.state_dict().values(), average.state_dict().values(), strict=True):
        torch.testing.assert_close(ours, theirs)
    metrics = found.callback_metrics
    of_last_epoch = torch.tensor(seen[5:]).mean(0)
    assert metrics["train/discriminator_loss"].item() == pytest.approx(of_last_epoch[0].item(), rel=1e-4)
    if loss != "non_saturating":  # there, it is the mean probability
        assert metrics["train/score_real"].item() == pytest.approx(of_last_epoch[1].item(), rel=1e-4)
    assert ("train/gradient_penalty" in metrics) == bool(penalty)
    assert found.global_step == steps


@pytest.mark.parametrize("loss", LOSSES)
def test_each_half_step_changes_its_own_player_and_helps_it(loss):
    """By plain gradient descent, on the batch and the noise of the step itself."""
    module = task(
        players(discriminator_norm="spectral"),
        loss=loss,
        optimizer=partial(torch.optim.SGD, lr=1e-3),
    )
    ((x, labels),) = batches(1)
    lose, draw = bare_losses(loss)

    class Watch(Callback):
        def on_train_start(self, trainer, pl_module):
            generator, discriminator = pl_module.model.generator, pl_module.model.discriminator
            z = torch.randn(6, LATENT, generator=torch.Generator().manual_seed(2))
            pl_module.noise = lambda size: z

            def losses() -> tuple[float, float]:
                with torch.no_grad():
                    fake = discriminator.eval()(generator(z, labels), labels)
                    found = lose(discriminator(x, labels), fake).item(), draw(fake).item()
                discriminator.train()
                return found

            for step, mine, other, player in (
                (partial(pl_module.learn_to_tell, x, labels), discriminator, generator, 0),
                (partial(pl_module.learn_to_draw, labels), generator, discriminator, 1),
            ):
                before, kept, last = weights(mine), weights(other), losses()
                step()
                assert not any(equal(weights(mine), before)[-1:])
                assert all(equal(weights(other), kept))
                assert losses()[player] < last[player]
                assert all(weight.requires_grad for weight in pl_module.model.parameters())

    trainer(Watch()).fit(module, Batches(batches(1)))


def test_the_generator_learns_after_so_many_batches_also_across_epochs():
    learned = []

    class Count(Callback):
        def on_train_batch_start(self, trainer, pl_module, *args):
            self.before = weights(pl_module.model.generator)

        def on_train_batch_end(self, trainer, pl_module, *args):
            learned.append(not all(equal(weights(pl_module.model.generator), self.before)))

    module = task(discriminator_steps=3)
    found = trainer(Count(), max_epochs=2)
    found.fit(module, Batches(batches(4)))
    assert learned == [False, False, True, False, False, True, False, False]
    generator, discriminator = found.optimizers
    assert {state["step"].item() for state in generator.state.values()} == {2}
    assert {state["step"].item() for state in discriminator.state.values()} == {8}


def test_a_step_is_a_batch():
    found = fit(task(), batches(4), max_epochs=-1, max_steps=6)
    assert found.global_step == 6
    assert {state["step"].item() for player in found.optimizers for state in player.state.values()} == {6}


@pytest.mark.parametrize("decay", [0.0, 0.5])
def test_generates_by_the_average_where_there_is_one(decay):
    module = task(ema_decay=decay)
    fit(module, batches())
    drawn = module.generate(5, torch.Generator().manual_seed(3))
    assert drawn.shape == (5, *SHAPE)
    assert drawn.dtype == torch.float32
    assert 0 <= drawn.min() <= drawn.max() <= 1
    z = torch.randn(5, LATENT, generator=torch.Generator().manual_seed(3))
    network = (module.averaged if decay else module.model.generator).eval()
    assert torch.equal(drawn, network(z, torch.zeros(5).long()))


def test_generating_leaves_training_as_it_is():
    module = task(ema_decay=0.5)
    module.train()
    before = {name: value.clone() for name, value in module.state_dict().items()}
    state = torch.get_rng_state()
    first, again = (module.generate(4, torch.Generator().manual_seed(0)) for _ in range(2))
    assert torch.equal(first, again)
    assert torch.equal(torch.get_rng_state(), state)
    assert all(part.training for part in module.modules())
    assert all(torch.equal(value, before[name]) for name, value in module.state_dict().items())


def test_a_conditional_model_draws_the_classes_in_turn_or_those_asked_for():
    module = task(players(num_classes=3), ema_decay=0.5)
    fit(module, batches())
    drawn = module.generate(5, torch.Generator().manual_seed(0))
    z = torch.randn(5, LATENT, generator=torch.Generator().manual_seed(0))
    for labels in ([0, 1, 2, 0, 1], [2, 2, 2, 2, 2]):
        expected = module.averaged.eval()(z, torch.tensor(labels))
        asked = module.generate(5, torch.Generator().manual_seed(0), torch.tensor(labels))
        assert torch.equal(asked, expected)
        assert torch.equal(drawn, expected) == (labels[0] == 0)
    assert module.eval()(torch.zeros(1, LATENT)).shape == (1, *SHAPE)


def test_both_players_are_told_the_classes_of_the_batch():
    module = task(players(num_classes=3))
    told = {"generator": [], "discriminator": []}
    for name in told:
        getattr(module.model, name).register_forward_pre_hook(
            lambda player, given, name=name: told[name].append(given[1])
        )
    ((x, labels),) = batches(1)
    fit(module, [(x, labels)])
    assert [len(calls) for calls in told.values()] == [2, 3]  # drawn for each step; real, drawn, drawn
    assert all(torch.equal(given, labels) for calls in told.values() for given in calls)


def test_validation_is_what_the_discriminator_says_of_images_and_of_the_averages():
    model = players(dropout=0.5)
    module = task(model, ema_decay=0.5)
    found = fit(module, batches(), batches(2))
    values = {name: value.item() for name, value in found.callback_metrics.items()}
    judge = model.discriminator.eval()
    none = torch.zeros(6).long()
    real = torch.cat([judge(x, none) for x, _ in batches(2)]).sigmoid().mean()
    assert values["val/score_real"] == pytest.approx(real.item(), rel=1e-5)
    drawn = [module.generate(6, torch.Generator().manual_seed(place)) for place in range(2)]
    fake = torch.cat([judge(x, none) for x in drawn]).sigmoid().mean()
    assert values["val/score_fake"] == pytest.approx(fake.item(), rel=1e-5)


def test_what_it_logs_is_what_it_says():
    module = task(gradient_penalty=1.0)
    found = fit(module, batches(1), batches(1))
    names = set(found.callback_metrics)
    found.test(module, Batches(batches(1)), verbose=False)
    assert names | set(found.callback_metrics) == module.logged


def plugins(precision: str) -> dict:
    """Lightning has no fp16 on a CPU, torch has: with the scaler that a GPU has."""
    if precision == "16-mixed":
        return {"plugins": [MixedPrecision("16-mixed", "cpu", scaler=torch.amp.GradScaler("cpu"))]}
    return {"precision": precision}


@pytest.mark.parametrize("precision", ["bf16-mixed", "16-mixed"])
def test_mixed_precision_learns_what_full_precision_does(precision):
    runs = []
    for options in ({"precision": "32-true"}, plugins(precision)):
        module = task(gradient_penalty=1.0, optimizer=partial(torch.optim.SGD, lr=0.1))
        start = weights(module.model)
        found = fit(module, batches(), max_epochs=2, **options)
        moved = [after - before for after, before in zip(weights(module.model), start, strict=True)]
        runs.append((torch.cat([change.flatten() for change in moved]), found.callback_metrics))
    (full, exact), (mixed, rounded) = runs
    assert full.norm() > 0.01
    assert (mixed - full).norm() < 0.1 * full.norm()
    for name, value in exact.items():
        assert rounded[name].item() == pytest.approx(value.item(), rel=0.05, abs=0.01)


class Stop(Exception):
    pass


class StopAt(Callback):
    def __init__(self, step: int, path: Path) -> None:
        self.step, self.path = step, path

    def on_train_batch_end(self, trainer, *args) -> None:
        if trainer.global_step == self.step:
            trainer.save_checkpoint(self.path)
            raise Stop


class Noise(ImageData):
    classes: ClassVar[tuple[str, ...]] = ("a", "b")

    def download(self) -> None:
        pass

    def read(self) -> dict[str, Arrays]:
        random = np.random.default_rng(0)
        images, labels = random.integers(0, 256, (40, *SHAPE), dtype=np.uint8), np.arange(40) % 2
        return {"train": (images[:30], labels[:30]), "val": (images[30:], labels[30:]), "test": (images, labels)}


def noise() -> Noise:
    options = {"folder": "unused", "verify": True, "input_shape": SHAPE, "num_classes": 2, "mean": [0.0], "std": [1.0]}
    options |= {"batch_size": 6, "eval_batch_size": 10, "validation": None, "limit": None, "leave_out": None}
    return Noise(**options, augment={"shift": 0, "flip": "none", "cutout": 0, "erase": 0.0}, seed=0)


def whole_run(folder: Path, *callbacks: Callback, ckpt: Path | None = None) -> AdversarialTraining:
    torch.manual_seed(7)
    model = players(dropout=0.3)
    module = task(model, ema_decay=0.9, gradient_penalty=1.0, discriminator_steps=2, scheduler=SCHEDULE)
    found = trainer(*callbacks, Checkpoint(dirpath=str(folder), monitor="val/score_fake", mode="max"), max_epochs=3)
    with contextlib.suppress(Stop):
        found.fit(module, noise(), ckpt_path=ckpt, weights_only=True)
    module.metrics = {name: value.item() for name, value in found.callback_metrics.items()}
    return module


SCHEDULE = partial(cosine, warmup=0.2, final=0.0)


def test_a_run_that_was_stopped_within_an_epoch_goes_on_bit_by_bit(tmp_path):
    unbroken, again = whole_run(tmp_path / "a"), whole_run(tmp_path / "b")
    stopped = tmp_path / "c" / "last.ckpt"
    whole_run(tmp_path / "c", StopAt(8, stopped))
    resumed = whole_run(tmp_path / "d", ckpt=stopped)
    for other in (again, resumed):
        assert all(equal(list(other.state_dict().values()), list(unbroken.state_dict().values())))
        assert other.metrics == unbroken.metrics


def test_learns_where_pixels_lie_and_how_they_scatter():
    """Two pixels around 0.35 and 0.6 with standard deviations of 0.15 and 0.08, not bound to one another."""
    mean, spread = torch.tensor([0.35, 0.6]), torch.tensor([0.15, 0.08])
    pixels = mean + spread * torch.randn(400, 64, 2, generator=torch.Generator().manual_seed(0))
    module = task(
        players(image_shape=[1, 1, 2], latent_size=2, hidden_sizes=[32]),
        input_shape=[1, 1, 2],
        optimizer=partial(torch.optim.Adam, lr=0.01, betas=(0.0, 0.9)),
        scheduler=partial(cosine, warmup=0.0, final=0.0),
        discriminator_lr=2.0,
        ema_decay=0.9,
    )
    found = fit(module, [(part.view(64, 1, 1, 2), torch.zeros(64).long()) for part in pixels])
    with torch.no_grad():
        drawn = module.generate(4000, torch.Generator().manual_seed(1)).flatten(1)  # (N, 2)
    assert drawn.mean(0).tolist() == pytest.approx(mean.tolist(), abs=0.04)
    assert drawn.std(0).tolist() == pytest.approx(spread.tolist(), rel=0.35)
    assert abs(torch.corrcoef(drawn.T)[0, 1]) < 0.35
    assert found.callback_metrics["train/score_fake"].item() == pytest.approx(0.5, abs=0.1)  # it cannot tell


BATCH_NORMED = players(hidden_sizes=[8, 8], discriminator_norm="batch")


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"loss": "saturating"}, r"task\.loss=saturating.*non_saturating, hinge, wasserstein"),
        ({"loss": "wasserstein"}, r"task\.loss=wasserstein.*gradient_penalty=10.*spectral"),
        ({"gradient_penalty": -1.0}, r"task\.gradient_penalty=-1"),
        ({"model": BATCH_NORMED, "gradient_penalty": 1.0}, r"batch norm.*model\.discriminator_norm"),
        ({"discriminator_steps": 0}, r"task\.discriminator_steps=0.*1 or more"),
        ({"discriminator_lr": 0.0}, r"task\.discriminator_lr=0"),
        ({"ema_decay": 1.0}, r"task\.ema_decay=1"),
        ({"input_shape": [2]}, r"draws images.*\[2\]"),
        ({"model": nn.Linear(2, 2)}, r"Linear.*generator and discriminator.*model=gan"),
    ],
    ids=lambda part: " ".join(part) if isinstance(part, dict) else "",
)
def test_what_cannot_be(changes, line):
    with pytest.raises(InputError, match=line):
        task(**changes)


def test_wasserstein_with_spectral_norm_needs_no_penalty():
    assert task(players(discriminator_norm="spectral"), loss="wasserstein").gradient_penalty == 0


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (("model=lenet",), ("LeNet", "model=gan")),
        (("model=autoencoder",), ("Autoencoder", "model=gan")),
        (("data=clouds",), ("images",)),
        (("data=diabetes",), ("images",)),
        (("optimizer=adam_scratch",), ("optimizer Adam", "autograd")),
        (("trainer.gradient_clip_val=1",), ("lipping", "manual optimization")),
        (("model.image_shape=[1,20,20]",), ("1x28x28 images",)),
        (("data.batch_size=1",), ("data.batch_size=1", "2 or more")),
        (("callbacks.samples_over_time.count=0",), ("callbacks.samples_over_time.count=0", "1 or more")),
    ],
    ids=lambda part: " ".join(part),
)
def test_one_line(refused, words, parts):
    refused("task=gan", "trainer=debug", *words, parts=parts)


def test_an_autoencoder_has_no_players():
    options = {"activation": "relu", "code_activation": "none", "output": "sigmoid", "dropout": 0.0}
    with pytest.raises(InputError, match="DenseAutoencoder"):
        task(DenseAutoencoder(image_shape=SHAPE, latent_size=2, hidden_sizes=[4], **options))


def test_ddp_must_know_that_players_learn_in_turn():
    module = task()
    for finds, wrapper in ((False, nn.Module()), (True, nn.Module())):
        wrapper.find_unused_parameters = finds
        module.trainer = SimpleNamespace(model=wrapper)
        if finds:
            module.on_train_start()
        else:
            with pytest.raises(InputError, match="strategy=ddp_find_unused_parameters_true"):
                module.on_train_start()
