"""What is measured of an autoencoder's codes and images, on a made-up data set and a model whose answers are known."""

from contextlib import nullcontext
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from scipy import ndimage
from sklearn import metrics as sk
from torch import Tensor, nn

from dlexp.callbacks.anomaly_detection import AnomalyDetection
from dlexp.callbacks.code_measures import CodeMeasures
from dlexp.callbacks.denoising import Denoising, median_filter
from dlexp.callbacks.linear_probe import LinearProbe
from dlexp.callbacks.split_batches import split_batches

SIZE = 90  # images in each split
CLASSES = ("a", "b", "c")


class Data:
    """Three classes of images, each brighter than the one before."""

    classes = CLASSES
    eval_batch_size = 40
    leave_out = None
    device = torch.device("cpu")

    def __init__(self) -> None:
        generator = torch.Generator().manual_seed(0)
        labels = torch.arange(SIZE) % 3
        pixels = torch.randint(0, 60, (2, SIZE, 1, 8, 8), generator=generator) + 60 * labels[:, None, None, None]
        self.splits = {name: (images.byte(), labels) for name, images in zip(("train", "test"), pixels, strict=True)}

    @staticmethod
    def prepare(images: Tensor) -> Tensor:
        return images.float() / 255

    def images(self, split: str) -> Tensor:
        return self.splits[split][0]


class Linear(nn.Module):
    """Codes that are a matrix times the image, and images with `fault` added."""

    def __init__(self, fault: float = 0.0) -> None:
        super().__init__()
        self.matrix = nn.Parameter(torch.randn(64, 5, generator=torch.Generator().manual_seed(1)))
        self.fault = fault
        self.values: dict[str, float] = {}

    def encode(self, x: Tensor, labels: Tensor) -> Tensor:
        return x.flatten(1) @ self.matrix

    def reconstruct(self, x: Tensor, labels: Tensor) -> Tensor:
        return (x + self.fault).clamp(0, 1)

    def log(self, name: str, value: Tensor | float, *, sync_dist: bool) -> None:
        assert sync_dist
        self.values[name] = float(value)

    def log_dict(self, values: dict[str, Tensor], **options) -> None:
        for name, value in values.items():
            self.log(name, value, **options)


@pytest.fixture
def measure(tmp_path):
    """Ends a test epoch and gives what was logged, as Lightning would: without gradients."""

    def end(callback, task: Linear, data: Data | None = None, **trainer) -> dict[str, float]:
        stub = SimpleNamespace(
            datamodule=data or Data(),
            is_global_zero=True,
            fast_dev_run=False,
            loggers=[],
            precision_plugin=SimpleNamespace(forward_context=nullcontext),
        )
        vars(stub).update(trainer)
        state = torch.get_rng_state()
        with torch.inference_mode():
            callback.on_test_epoch_end(stub, task)
        assert torch.equal(state, torch.get_rng_state())  # training would go on as if nothing had been measured
        assert set(task.values) <= callback.logged
        return {name.removeprefix("test/"): value for name, value in task.values.items()}

    return end


def figures(folder) -> list[str]:
    return sorted(path.stem for path in folder.glob("figures/*.png"))


def clean_images():
    return Data.prepare(Data().images("test"))


def test_code_measures_of_a_linear_code(measure, tmp_path):
    task = Linear()
    values = measure(CodeMeasures(folder=tmp_path, std=0.2, jacobians=20), task)
    matrix = task.matrix.detach().numpy()
    codes = clean_images().flatten(1).numpy() @ matrix
    spread = np.sqrt(codes.var(0).sum())
    assert values["jacobian_norm"] == pytest.approx(np.linalg.norm(matrix) / spread, rel=1e-4)
    # for a linear code, the shift under noise is that norm times the noise's deviation
    assert values["code_shift"] == pytest.approx(0.2 * values["jacobian_norm"], rel=0.1)
    absolute = np.abs(codes)
    assert values["activity"] == pytest.approx(np.mean(absolute.mean(1) ** 2 / (absolute**2).mean(1)), rel=1e-4)
    assert values["varying_units"] == 1
    assert figures(tmp_path) == ["code"]
    assert task.matrix.grad is None


def test_a_code_that_says_nothing(measure, tmp_path):
    task = Linear()
    nn.init.zeros_(task.matrix)
    values = measure(CodeMeasures(folder=tmp_path, std=0.2, jacobians=20), task)
    assert values == {"jacobian_norm": 0, "code_shift": 0, "activity": 0, "varying_units": 0}


def test_denoising_gains(measure, tmp_path):
    task = Linear(fault=0.1)
    values = measure(Denoising(folder=tmp_path, std=0.3, images=SIZE, columns=6), task)
    clean = clean_images().numpy()
    noise = torch.cat(
        [torch.randn(n, 1, 8, 8, generator=g) for g in [torch.Generator().manual_seed(0)] for n in (40, 40, 10)]
    ).numpy()
    noisy = clean + 0.3 * noise
    before = np.square(noisy - clean).mean()
    restored = np.clip(noisy + 0.1, 0, 1)
    assert values["denoising_gain"] == pytest.approx(
        10 * np.log10(before / np.square(restored - clean).mean()), rel=1e-3
    )
    filtered = np.stack([ndimage.median_filter(image, 3) for image in noisy[:, 0]])[:, None]
    yardstick = 10 * np.log10(before / np.square(np.clip(filtered, 0, 1) - clean).mean())
    assert values["denoising_gain_of_median_filter"] == pytest.approx(yardstick, rel=1e-3)
    assert yardstick > 3
    assert figures(tmp_path) == ["denoising"]


def test_the_median_filter_stays_within_an_image_and_a_colour():
    images = torch.arange(2.0)[:, None, None, None] * torch.ones(2, 3, 5, 5) + torch.arange(3.0)[:, None, None] * 10
    assert torch.equal(median_filter(images), images)


def test_the_probe_finds_classes_that_a_line_tells_apart(measure):
    assert measure(LinearProbe(images=60), Linear())["probe_accuracy"] > 0.95


def test_the_probe_is_not_asked_for_a_class_that_was_left_out(measure):
    data = Data()
    x, labels = data.splits["train"]
    data.splits["train"] = x[labels != 1], labels[labels != 1]
    assert measure(LinearProbe(images=60), Linear(), data)["probe_accuracy"] == 1


def test_a_probe_of_a_code_that_says_nothing_guesses(measure):
    task = Linear()
    nn.init.zeros_(task.matrix)
    assert measure(LinearProbe(images=60), task)["probe_accuracy"] == pytest.approx(1 / 3)


def test_anomalies_are_told_by_their_error(measure, tmp_path):
    data, task = Data(), Linear(fault=0.35)
    data.leave_out = 2  # the brightest: its images reach white first, where the fault is cut off
    values = measure(AnomalyDetection(folder=tmp_path, worst=10), task, data)
    images, (_, labels) = clean_images(), data.splits["test"]
    errors = (task.reconstruct(images, labels) - images).square().mean((1, 2, 3)).numpy()
    expected = sk.roc_auc_score(labels.numpy() == 2, errors)
    assert values["anomaly_auc"] == pytest.approx(expected, abs=1e-6)
    assert 0 <= expected < 0.5
    assert figures(tmp_path) == ["anomalies"]


def test_without_a_class_left_out_there_are_no_anomalies(measure, tmp_path):
    assert measure(AnomalyDetection(folder=tmp_path, worst=10), Linear()) == {}
    assert figures(tmp_path) == []


@pytest.mark.parametrize("trainer", [{"fast_dev_run": True}, {"is_global_zero": False}])
def test_no_figures_of_a_trial_or_by_another_rank(measure, tmp_path, trainer):
    data = Data()
    data.leave_out = 1
    for callback in (
        CodeMeasures(folder=tmp_path, std=0.2, jacobians=20),
        Denoising(folder=tmp_path, std=0.3, images=SIZE, columns=6),
        AnomalyDetection(folder=tmp_path, worst=10),
    ):
        assert measure(callback, Linear(), data, **trainer)
    assert figures(tmp_path) == []


def test_batches_of_a_split():
    trainer = SimpleNamespace(datamodule=Data())
    x, labels = (torch.cat(part) for part in zip(*split_batches(trainer, "test", most=None), strict=True))
    assert torch.equal(x, clean_images())
    assert torch.equal(labels, trainer.datamodule.splits["test"][1])
    assert [len(images) for images, _ in split_batches(trainer, "test", most=SIZE)] == [40, 40, 10]

    (few,) = split_batches(trainer, "train", most=30)
    assert few[1].bincount().tolist() == [10, 10, 10]
    assert torch.equal(few[0], next(split_batches(trainer, "train", most=30))[0])
