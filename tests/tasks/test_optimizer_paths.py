"""Walks on surfaces: by hand as by torch, chosen as they say, the same after a stop, and near enough to Rosenbrock."""

import math
from pathlib import Path

import pytest
import torch
from hydra import compose, initialize_config_dir
from hydra.errors import InstantiationException
from hydra.utils import instantiate
from lightning.pytorch import Callback, Trainer
from omegaconf import OmegaConf
from PIL import Image

from dlexp.schema import register
from dlexp.tasks.optimizer_paths import OptimizerPaths, first_of_the_best

pytestmark = pytest.mark.filterwarnings("ignore:.*LeafSpec", "ignore:.*returned `None`")
CONF = Path(__file__).parents[2] / "conf"
NAMES = ["sgd", "momentum", "nesterov", "adagrad", "adadelta", "rmsprop", "adam", "adamw", "muon"]
FEW = ("task.steps=40", "task.rates.number=9")


def build(*words: str) -> OptimizerPaths:
    register()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        cfg = compose("config", ["task=optimizer_paths", *words])
    return instantiate(OmegaConf.create({"model": cfg.model, "task": cfg.task}).task, _convert_="all")


def trainer(folder: Path, *callbacks: Callback) -> Trainer:
    return Trainer(
        accelerator="cpu",
        max_epochs=1,
        default_root_dir=folder,
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        callbacks=list(callbacks),
    )


@pytest.fixture
def walk(tmp_path):
    """Search and test; the task and its metrics."""

    def walk(*words: str) -> tuple[OptimizerPaths, dict[str, float]]:
        task, runner = build(*words), trainer(tmp_path)
        runner.fit(task)
        found = {name: value.item() for name, value in runner.callback_metrics.items()}
        runner.test(task, verbose=False)
        return task, found | {name: value.item() for name, value in runner.callback_metrics.items()}

    return walk


@pytest.mark.parametrize("words", [("model=booth",), ("model=narrow_bowl", "task.memory=[0.5,0.9]")])
def test_both_implementations_walk_alike(walk, monkeypatch, words):
    monkeypatch.setattr(torch.Tensor, "bfloat16", torch.Tensor.clone)  # to which torch's Muon rounds
    by_hand, found = walk(*words, *FEW)
    by_torch, twin = walk(*words, *FEW, "task.implementation=torch")
    assert list(by_hand.rules) == NAMES
    ours, theirs = by_hand.search["distance"], by_torch.search["distance"]
    assert ours.shape == theirs.shape == (9, len(by_hand.memory), 9)
    near = (ours < 1e3) & (theirs < 1e3)  # of the others both have diverged
    assert torch.equal(ours < 1e3, theirs < 1e3)
    torch.testing.assert_close(ours[near], theirs[near], rtol=1e-7, atol=1e-9)
    assert by_hand.search["best"] == by_torch.search["best"]
    torch.testing.assert_close(by_hand.trail, by_torch.trail, rtol=1e-7, atol=1e-9)
    assert found.keys() == twin.keys() <= by_hand.logged


def test_the_search_is_that_of_one_walk_after_another(walk):
    task, found = walk("model=rosenbrock", "task.steps=60", "task.rates.number=17", "task.settle=5")
    surface, ends = task.model, []
    for rate in task.rates:
        point = surface.start.clone().requires_grad_()
        optimizer = torch.optim.SGD([point], lr=rate.item(), momentum=0.9)
        distances = []
        for _ in range(60):
            optimizer.zero_grad()
            surface(point).backward()
            optimizer.step()
            distances.append(surface.distance(point.detach()).item())
        ends.append(max(math.inf if math.isnan(d) else d for d in distances[-5:]))
    ours = task.search["distance"][NAMES.index("momentum"), 0]
    expected = torch.tensor(ends, dtype=torch.float64)
    bounded = expected < 1e3
    torch.testing.assert_close(ours[bounded], expected[bounded], rtol=1e-6, atol=1e-9)
    assert ours.isinf().any()  # some have diverged
    best = expected.argmin()
    assert found["test/lr_momentum"] == pytest.approx(task.rates[best].item())
    assert found["test/distance_momentum"] == pytest.approx(expected[best].item(), rel=1e-5)


def test_the_best_walk_again_ends_where_it_ended(walk):
    task, found = walk("model=himmelblau", "task.memory=[0.8,0.95]", *FEW)
    for o, name in enumerate(NAMES):
        assert found[f"test/distance_{name}"] == pytest.approx(task.search["distance"][o].min().item(), rel=1e-6)
    assert torch.equal(task.trail[0], task.model.start.expand(9, 2))
    assert found["test/loss"] == found["train/loss"] == min(found[f"test/loss_{name}"] for name in NAMES)
    assert {name for name in NAMES if f"test/memory_{name}" in found} == set(NAMES) - {"sgd", "adagrad"}
    assert task.model(task.model.point).item() <= found["test/loss"] * 1.001  # the point that the model has learned


def test_steps_are_counted_until_a_walk_stays_near(walk):
    task, found = walk("model=bowl", "task.steps=120", "task.rates.number=33")
    distances = task.model.distance(task.trail)  # (121, 9)
    for o, name in enumerate(NAMES):
        near = [bool((distances[t:, o] < 0.01).all()) for t in range(121)]
        expected = near.index(True) if True in near else None
        assert found.get(f"test/steps_{name}") == expected


def test_the_first_of_equals_wins():
    inf = math.inf
    distance = torch.tensor([inf, 0.5, 1e-13, 0.0, 1e-14, inf])
    assert first_of_the_best(distance, torch.tensor([9, 9, 7, 5, 5, 0])) == 3
    assert first_of_the_best(torch.tensor([0.3, 0.2, inf]), torch.tensor([1, 9, 0])) == 1


def test_what_diverges_is_not_reported(walk):
    words = ("model=booth", "task.rates.lowest=10", "task.rates.highest=100", "task.rates.number=3", "task.steps=400")
    task, found = walk(*words)
    assert task.search["distance"][0].isinf().all()
    assert "test/distance_sgd" not in found
    assert "test/lr_sgd" not in found
    assert "test/distance_adagrad" in found
    assert all(math.isfinite(value) for value in found.values())


def test_if_all_diverge_it_says_so(walk):
    others = [f"task.rules.{name}=null" for name in NAMES[1:]]
    with pytest.raises(Exception, match=r"every walk diverged: lower task\.rates\.lowest=10"):
        walk("model=booth", "task.rates.lowest=10", "task.rates.highest=100", "task.steps=400", *others)


class StopAt(Callback):
    def __init__(self, step: int) -> None:
        self.step = step

    def on_train_batch_end(self, trainer: Trainer, pl_module: OptimizerPaths, *_: object) -> None:
        if trainer.global_step == self.step:
            trainer.save_checkpoint(Path(trainer.default_root_dir) / "stopped.ckpt")
            raise KeyboardInterrupt


@pytest.mark.parametrize("implementation", ["scratch", "torch"])
def test_a_search_that_was_stopped_goes_on_bit_by_bit(walk, tmp_path, implementation):
    words = ("model=beale", f"task.implementation={implementation}", "task.steps=40", "task.rates.number=4")
    unbroken, _ = walk(*words)
    with pytest.raises((KeyboardInterrupt, SystemExit)):
        trainer(tmp_path, StopAt(17)).fit(build(*words))
    task, runner = build(*words), trainer(tmp_path)
    runner.fit(task, ckpt_path=tmp_path / "stopped.ckpt", weights_only=True)
    assert task.made == 40
    assert torch.equal(task.search["distance"], unbroken.search["distance"])
    assert task.search["best"] == unbroken.search["best"]
    runner.save_checkpoint(tmp_path / "last.ckpt")
    again = build(*words)
    trainer(tmp_path).test(again, ckpt_path=tmp_path / "last.ckpt", weights_only=True, verbose=False)
    assert torch.equal(again.trail, unbroken.trail)


@pytest.mark.parametrize(
    "word",
    [
        "task.implementation=numpy",
        "task.steps=0",
        "task.rates.lowest=0",
        "task.rates.number=0",
        "task.memory=[0.9,1.0]",
    ],
)
def test_a_bad_search_is_refused(word):
    with pytest.raises(InstantiationException, match=word.partition("=")[0].rsplit(".", 1)[0]):
        build(word)


def test_rosenbrock_below_1e_8_in_501_steps(launch, tmp_path):
    """Momentum and learning rate as the full search of experiment=rosenbrock_501 finds them."""
    words = ("task.memory=[0.94]", "task.rates.lowest=1e-3", "task.rates.highest=1e-2", "task.rates.number=21")
    words = (*words, "task.rules.muon=null", "callbacks.path_figures.grid=60", "callbacks.path_figures.frames=60")
    end = launch("experiment=rosenbrock_501", "logger=none", *words, folder=tmp_path / "run")
    assert (end.code, end.result["status"]) == (0, "finished")
    metrics = end.result["metrics"]
    assert metrics["test/loss_momentum"] < 1e-11
    assert metrics["test/lr_momentum"] == pytest.approx(10**-2.6)
    assert metrics["test/steps_momentum"] < 250
    assert "momentum" in end.out
    figures = tmp_path / "run" / "figures"
    assert {path.name for path in figures.iterdir()} >= {
        *("paths.png", "path_of_each.png", "distance.png", "learning_rates.png", "paths.gif")
    }
    assert (figures / "paths.gif").stat().st_size < 2_000_000
    with Image.open(figures / "paths.gif") as film:
        assert film.n_frames > 50
