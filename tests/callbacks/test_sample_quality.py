"""How good samples are: against the same numbers computed outside of a run, and without a trace in the training."""

import math

import numpy as np
import pytest
import torch
from hydra.utils import instantiate
from lightning.pytorch import LightningModule, Trainer
from torch import Tensor, nn

from dlexp.callbacks.judge_network import BATCH, JudgeNetwork, load_judge
from dlexp.callbacks.sample_quality import SampleQuality, spread
from dlexp.data.digits import Digits
from dlexp.errors import InputError
from dlexp.metrics.frechet import frechet_distance, kernel_distance
from dlexp.metrics.manifolds import precision_and_recall

pytestmark = pytest.mark.filterwarnings(
    *("ignore:.*LeafSpec", "ignore:.*does not have many workers", "ignore:Total length of `list`")
)


@pytest.fixture(scope="module")
def judge(launch, small, tmp_path_factory):
    """The checkpoint of a small LeNet."""
    end = launch(*small, "model=lenet_relu", folder=tmp_path_factory.mktemp("judge") / "a,run=b")
    assert end.code == 0, end.err
    return end.folder / "checkpoints" / "best.ckpt"


class Painter(LightningModule):
    """Draws the mean image, which it learns, with noise of the generator on it; of a class, on its own background."""

    def __init__(self, num_classes: int = 0) -> None:
        super().__init__()
        self.num_classes = num_classes
        self.mean = nn.Parameter(torch.zeros(1, 28, 28))
        self.asked: list[Tensor | None] = []
        self.was_training: set[bool] = set()

    def training_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> Tensor:
        x, _ = batch
        loss = (x - self.mean - 0.1 * torch.randn_like(x)).square().mean()  # by the generator of the training
        self.log("train/loss", loss, on_step=False, on_epoch=True)
        return loss

    def validation_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        self.log("val/loss", (batch[0] - self.mean).square().mean())

    def test_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        self.log("test/loss", (batch[0] - self.mean).square().mean())

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.Adam(self.parameters(), lr=0.05)

    def generate(self, n: int, generator: torch.Generator, labels: Tensor | None = None) -> Tensor:
        self.asked.append(labels)
        self.was_training.add(self.training)
        noise = torch.rand(n, 1, 28, 28, generator=generator).to(self.device)
        return (self.mean + 0.5 * noise).clamp(0, 1)


def digits(**changes: object) -> Digits:
    arguments = {
        **{"folder": "unused", "verify": True, "input_shape": [1, 28, 28], "num_classes": 10},
        **{"mean": [0.0], "std": [1.0], "batch_size": 50, "eval_batch_size": 64, "validation": 60, "limit": 200},
        **{"leave_out": None, "augment": {"shift": 0, "flip": "none", "cutout": 0, "erase": 0.0}, "seed": 0},
    }
    return Digits(**(arguments | changes))


def quality(judge, tmp_path, **changes: object) -> SampleQuality:
    return SampleQuality(**({"folder": str(tmp_path), "judge": str(judge), "samples": 90, "neighbours": 3} | changes))


def fit(*callbacks, task: Painter | None = None, test: bool = True, data: Digits | None = None, **options):
    """The trainer, the task and what every epoch of validation logged."""
    torch.manual_seed(1)
    task, data = task or Painter(), data or digits()
    trainer = Trainer(
        accelerator="cpu",
        callbacks=list(callbacks),
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        **({"max_epochs": 2} | options),
    )
    trainer.fit(task, data)
    found = {name: value.item() for name, value in trainer.callback_metrics.items()}
    if test:
        trainer.test(task, data, verbose=False)
        found |= {name: value.item() for name, value in trainer.callback_metrics.items()}
    return trainer, task, found


def test_the_numbers_are_those_of_the_metrics(judge, tmp_path):
    """By hand: the network of the checkpoint, its own preprocessing, what its last layer is given."""
    callback = quality(judge, tmp_path)
    _, task, found = fit(callback)
    assert found.keys() >= SampleQuality.logged
    assert task.was_training == {False}

    checkpoint = torch.load(judge, weights_only=True)
    network = instantiate(checkpoint["hyper_parameters"]["model"]).eval()
    weights = {k.removeprefix("model."): v for k, v in checkpoint["state_dict"].items() if k.startswith("model.")}
    network.load_state_dict(weights)
    assert checkpoint["preprocessing"]["mean"] == [0.2247]

    def features(images: Tensor) -> Tensor:
        x = (images - 0.2247) / 0.3144
        return network.classifier[:-1](network.features(x)).detach()  # (N, 84)

    data = digits()
    data.setup()
    val, test, train = (data.images(split).float() / 255 for split in ("val", "test", "train"))
    samples = [task.generate(n, torch.Generator().manual_seed(0)).detach() for n in (60, 90)]
    expected = {
        "val/fid": frechet_distance(features(val), features(samples[0])),
        "test/fid": frechet_distance(features(test), features(samples[1])),
        "test/fid_of_data": frechet_distance(features(test), features(spread(train, 90))),
        "test/kid": kernel_distance(features(test), features(samples[1])),
    }
    few = spread(features(test), 90)
    expected["test/precision_of_samples"], expected["test/recall_of_samples"] = precision_and_recall(
        few, features(samples[1]), 3
    )
    classes = network((samples[1] - 0.2247) / 0.3144).argmax(1)
    real = network((test - 0.2247) / 0.3144).argmax(1).bincount(minlength=10)
    shares = classes.bincount(minlength=10) / 90
    expected["test/modes"] = sum((shares >= 0.1 * real / real.sum()) & (real > 0))
    present, smooth = shares > 0, real.clamp(min=0.5) / real.clamp(min=0.5).sum()
    expected["test/mode_kl"] = (shares[present] * (shares[present] / smooth[present]).log()).sum()
    for name, value in expected.items():
        assert found[name] == pytest.approx(value.item(), rel=1e-3, abs=1e-6), name
    assert found["test/fid_of_data"] < found["test/fid"]
    first, second = callback.notes
    assert first == (
        "FID, KID and all else that is said of samples: comparable only within dlexp and with the same judge: a,run=b."
    )
    assert "validation's, of fewer," in second


def test_training_is_the_same_without_it(judge, tmp_path):
    _, watched, found = fit(quality(judge, tmp_path))
    _, alone, plain = fit()
    assert torch.equal(watched.mean, alone.mean)  # to the last bit
    assert {name: found[name] for name in plain} == plain
    _, again, twice = fit(quality(judge, tmp_path))
    assert torch.equal(watched.mean, again.mean)
    assert twice == found


def test_loading_a_judge_draws_nothing(judge):
    state = torch.get_rng_state()
    load_judge(judge)
    assert torch.equal(torch.get_rng_state(), state)


def test_the_figure(judge, tmp_path, monkeypatch):
    drawn = {}
    monkeypatch.setattr(
        "dlexp.reporting.mode_plot.mode_plot", lambda *args, **rest: drawn.update(rest, counts=args) or None
    )
    monkeypatch.setattr("dlexp.callbacks.sample_quality.keep_figure", lambda *args: drawn.update(name=args[2]))
    _, _, found = fit(quality(judge, tmp_path))
    data, samples, classes = drawn["counts"]
    assert (data.sum(), samples.sum()) == (360, 90)
    assert classes == [str(k) for k in range(10)]
    assert drawn["name"] == "modes"
    assert drawn["note"].endswith("with the same judge: a,run=b")
    assert drawn["heading"].startswith(f"{found['test/modes']:.0f} of ")
    assert all(0.1 < sure <= 1 for sure in drawn["confidence"])


def test_a_conditional_model_is_asked_for_the_classes_of_the_split(judge, tmp_path):
    data = digits()
    _, task, _ = fit(quality(judge, tmp_path), task=Painter(num_classes=10), data=data, max_epochs=1)
    val, test = task.asked
    assert torch.equal(val, data.labels("val"))
    shares = test.bincount(minlength=10) / 90
    np.testing.assert_allclose(shares, data.labels("test").bincount(minlength=10) / 360, atol=0.1)
    _, task, _ = fit(quality(judge, tmp_path), max_epochs=1)
    assert task.asked == [None, None]


def test_many_samples_are_drawn_in_parts(judge, tmp_path, monkeypatch):
    callback = quality(judge, tmp_path)
    monkeypatch.setattr("dlexp.callbacks.sample_quality.DRAWN", 25)
    _, task, _ = fit(callback, task=Painter(num_classes=10), max_epochs=1)
    assert [len(labels) for labels in task.asked] == [25, 25, 10, 25, 25, 25, 15]
    images = torch.rand(BATCH + 3, 1, 28, 28, generator=torch.Generator().manual_seed(0))
    whole, last = callback.network(images), callback.network(images[-3:])
    assert whole.features.shape == (BATCH + 3, 84)
    torch.testing.assert_close(whole.features[-3:], last.features, atol=1e-5, rtol=1e-5)


def test_pixels_are_the_same_as_bytes(judge):
    network = load_judge(judge)
    bytes_ = torch.randint(256, (5, 1, 28, 28), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(network(bytes_).features, network(bytes_.float() / 255).features)


def test_nothing_is_judged_of_a_trial(tmp_path):
    callback = SampleQuality(folder=str(tmp_path), judge=None, samples=90, neighbours=3)
    _, _, found = fit(callback, fast_dev_run=True)
    assert not SampleQuality.logged & found.keys()
    assert callback.notes == []
    assert list(tmp_path.iterdir()) == []


def test_without_a_validation_split_the_test_is_judged(judge, tmp_path):
    _, _, found = fit(quality(judge, tmp_path), data=digits(validation=0))
    assert "val/fid" not in found
    assert math.isfinite(found["test/fid"])


def test_a_task_that_draws_nothing(judge, tmp_path, monkeypatch):
    monkeypatch.delattr(Painter, "generate")
    with pytest.raises(InputError, match="leave it out"):
        fit(quality(judge, tmp_path))


@pytest.mark.parametrize("wrong", [{"samples": 1}, {"neighbours": 0}])
def test_numbers_that_cannot_be(judge, tmp_path, wrong):
    ((name, value),) = wrong.items()
    with pytest.raises(InputError, match=f"callbacks.sample_quality.{name}={value}"):
        quality(judge, tmp_path, **wrong)


@pytest.mark.parametrize(("rows", "count"), [(7, 7), (7, 3), (3, 7), (1, 4)])
def test_spread_takes_all_alike(rows, count):
    index = spread(torch.arange(rows), count)
    assert len(index) == count
    assert index[0] == 0
    times = index.bincount(minlength=rows)
    assert times.max() - times.min() <= 1


def checkpoint(model: dict, weights: dict, **changes: object) -> dict:
    content = {
        "hyper_parameters": {"model": model},
        "state_dict": {f"model.{name}": value for name, value in weights.items()},
        "classes": ["cat", "dog", "owl"],
        "preprocessing": {"image_shape": [1, 4, 4], "mean": [0.5], "std": [0.25]},
    }
    return content | changes


LINEAR = {
    "_target_": "dlexp.models.vision.linear_classifier.LinearClassifier",
    "input_shape": [1, 4, 4],
    "num_classes": 3,
}
WEIGHTS = {"classifier.weight": torch.zeros(3, 16), "classifier.bias": torch.arange(3.0)}


def test_the_features_of_a_linear_classifier_are_pixels():
    network = JudgeNetwork(checkpoint(LINEAR, WEIGHTS), "it")
    images = torch.rand(2, 1, 4, 4)
    verdict = network(images)
    torch.testing.assert_close(verdict.features, ((images - 0.5) / 0.25).flatten(1))
    assert verdict.classes.tolist() == [2, 2]
    torch.testing.assert_close(verdict.confidence, torch.arange(3.0).softmax(0)[2].expand(2))


SOFTMAX = {
    "_target_": "dlexp.models.scratch.softmax_regression.SoftmaxRegression",
    "input_shape": [1, 4, 4],
    "num_classes": 3,
}


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (checkpoint(LINEAR, WEIGHTS, classes=[]), "it is no classifier of images"),
        (checkpoint(LINEAR, WEIGHTS, preprocessing={}), "it is no classifier of images"),
        (checkpoint(LINEAR, WEIGHTS, classes=["cat", "dog"]), "it is no classifier of images"),
        (checkpoint({"_target_": "torch.nn.Identity"}, {}), "it is no classifier of images"),
        (
            checkpoint(SOFTMAX, {"weight": torch.zeros(16, 3), "bias": torch.zeros(3)}),
            "it has no linear layer, .* model=lenet_relu",
        ),
    ],
    ids=["classes", "images", "number", "kind", "layer"],
)
def test_a_checkpoint_that_cannot_judge(content, line):
    with pytest.raises(InputError, match=line):
        JudgeNetwork(content, "it")
