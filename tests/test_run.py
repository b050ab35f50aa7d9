"""One finished run against the contract of its folder, its numbers against a computation by hand."""

import csv
import datetime
import json
import re

import numpy as np
import pytest
import torch
from hydra.utils import instantiate
from omegaconf import OmegaConf
from PIL import Image
from sklearn import metrics as sk
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams.plugin_data_pb2 import HParamsPluginData

EPOCHS, BATCHES = 3, 4
METRICS = ("loss", "accuracy", "precision", "recall", "f1", "auc", "top5_accuracy")
NUMBER = (int, float)
KEYS = {  # of result.json, and their types when a run has finished
    **dict.fromkeys(("status", "task", "model", "data", "monitor", "mode", "device", "precision", "config_hash"), str),
    **dict.fromkeys(("choices", "metrics", "versions", "judge", "problem"), dict),
    **dict.fromkeys(("overrides", "classes", "input_shape", "abilities", "notes", "measures"), list),
    **dict.fromkeys(("best_epoch", "epochs", "parameters", "flops", "peak_memory", "seed", "test_size"), int),
    **dict.fromkeys(("seconds", "seconds_per_epoch", "throughput"), NUMBER),
    "error": type(None),
    "commit": (str, type(None)),
    "started": str,
}


@pytest.fixture(scope="module")
def finished(launch, tmp_path_factory):
    """All that a run leaves, figures and report as well."""
    words = ("model=mlp", "model.hidden_sizes=[16]", "trainer=cpu", f"trainer.max_epochs={EPOCHS}", "seed=7")
    words += ("data.limit=200", "data.validation=60", "data.batch_size=50")
    return launch(*words, folder=tmp_path_factory.mktemp("finished") / "run", report=True)


@pytest.fixture
def rows(finished) -> list[dict[str, str]]:
    return list(csv.DictReader(finished.history.splitlines()))


def test_it_ends_with_a_table_and_the_path_of_its_report(finished):
    assert (finished.code, finished.err) == (0, "")
    lines = finished.out.splitlines()
    assert [line.split()[0] for line in lines[:EPOCHS]] == ["epoch"] * EPOCHS
    assert lines[EPOCHS + 1].startswith("mlp on digits: 12,730 parameters")
    assert lines[EPOCHS + 2].split() == ["train", "val", "test"]
    metrics = ["loss", "accuracy", "auc", "f1", "precision", "recall", "top5_accuracy"]
    assert [line.split()[0] for line in lines[EPOCHS + 3 : -1]] == metrics
    assert lines[-1] == f"report: {finished.folder / 'report.html'}"


def test_every_file_is_there_and_no_other(finished):
    found = {path.relative_to(finished.folder).as_posix() for path in finished.folder.rglob("*") if path.is_file()}
    events = [name for name in found if name.startswith("events.out.tfevents.")]
    assert len(events) == 1
    assert found - set(events) == {
        *(".hydra/config.yaml", ".hydra/overrides.yaml", ".hydra/hydra.yaml", "dlexp.log"),
        *("result.json", "metrics.csv", "report.md", "report.html", ".lock"),
        *("checkpoints/best.ckpt", "checkpoints/last.ckpt"),
        *("figures/curves.png", "figures/confusion_matrix.png", "figures/mistakes.png"),
    }
    for name in ("curves", "confusion_matrix", "mistakes"):
        with Image.open(finished.folder / "figures" / f"{name}.png") as image:
            assert min(image.size) > 100
            assert len(set(np.asarray(image.convert("L")).ravel())) > 10


def test_result(finished):
    result = finished.result
    assert result.keys() == KEYS.keys()
    for key, kinds in KEYS.items():
        assert isinstance(result[key], kinds), key
    assert (result["status"], result["task"], result["model"], result["data"]) == (
        *("finished", "cnn_compare", "mlp", "digits"),
    )
    assert result["choices"]["optimizer"] == "adamw"
    assert result["choices"]["trainer"] == "cpu"
    assert result["overrides"][:2] == ["model=mlp", "model.hidden_sizes=[16]"]
    assert result["metrics"].keys() == {
        *("train/loss", "train/accuracy", "train/lr"),
        *(f"{stage}/{name}" for stage in ("val", "test") for name in METRICS),
    }
    assert all(isinstance(value, float) for value in result["metrics"].values())
    assert (result["monitor"], result["mode"], result["epochs"]) == ("val/accuracy", "max", EPOCHS)
    assert result["parameters"] == 784 * 16 + 16 + 16 * 10 + 10
    assert result["flops"] == 2 * (784 * 16 + 16 * 10)
    assert 0 < result["seconds_per_epoch"] < result["seconds"]
    assert result["throughput"] == pytest.approx(200 / result["seconds_per_epoch"], rel=0.5)
    assert result["peak_memory"] > 50e6  # Python with torch takes that much
    assert (result["seed"], result["precision"], result["test_size"]) == (7, "32-true", 360)
    assert result["device"].startswith("cpu (")
    assert result["classes"] == [str(digit) for digit in range(10)]
    assert torch.__version__.startswith(result["versions"]["torch"])
    assert re.fullmatch("[0-9a-f]{16}", result["config_hash"])
    assert datetime.datetime.fromisoformat(result["started"]).tzinfo is not None


def test_hydra_files(finished):
    config = OmegaConf.load(finished.folder / ".hydra" / "config.yaml")
    assert config.model.hidden_sizes == [16]
    assert OmegaConf.load(finished.folder / ".hydra" / "overrides.yaml") == finished.result["overrides"]


def test_history_has_a_row_an_epoch_and_one_of_the_test(finished, rows):
    names = {"step", "epoch", *finished.result["metrics"]}
    assert rows[0].keys() == names
    assert [row["epoch"] for row in rows] == [*map(str, range(EPOCHS)), ""]
    assert [int(row["step"]) for row in rows] == [BATCHES * (epoch + 1) for epoch in (*range(EPOCHS), EPOCHS - 1)]
    for row in rows:
        stages = {"test"} if row["epoch"] == "" else {"train", "val"}
        assert {name for name, value in row.items() if value and "/" in name} == {
            name for name in names if name.split("/")[0] in stages
        }


def test_tensorboard(finished, rows):
    read = EventAccumulator(str(finished.folder), size_guidance={"scalars": 0, "images": 0}).Reload()
    tags = read.Tags()
    assert set(tags["images"]) == {"curves", "confusion_matrix", "mistakes"}
    for name in finished.result["metrics"]:
        points = [(event.step, event.value) for event in read.Scalars(name)]
        steps, values = zip(*points, strict=True)
        history = [float(row[name]) for row in rows if row[name]]
        assert len(set(steps)) == len(steps), name
        assert values == pytest.approx(history, rel=1e-6), name


def test_tensorboard_hparams_have_the_final_metrics(finished):
    read = EventAccumulator(str(finished.folder)).Reload()
    start, experiment = (
        HParamsPluginData.FromString(read.SummaryMetadata(f"_hparams_/{tag}").plugin_data.content)
        for tag in ("session_start_info", "experiment")
    )
    chosen = start.session_start_info.hparams
    assert chosen["seed"].number_value == 7
    assert chosen["optimizer.lr"].number_value == 1e-3
    assert chosen["model._target_"].string_value == "dlexp.models.vision.mlp.MLP"
    named = {info.name.tag for info in experiment.experiment.metric_infos}
    assert named == {f"final/{name}" for name in finished.result["metrics"]}
    for name, value in finished.result["metrics"].items():  # the table of HPARAMS shows the scalar of that name
        (event,) = read.Scalars(f"final/{name}")
        assert event.value == pytest.approx(value, rel=1e-6)


@pytest.mark.parametrize("name", ["best", "last"])
def test_a_checkpoint_is_enough_to_predict(finished, name):
    checkpoint = torch.load(finished.folder / "checkpoints" / f"{name}.ckpt", weights_only=True)
    config = OmegaConf.load(finished.folder / ".hydra" / "config.yaml")
    assert checkpoint["hyper_parameters"]["seed"] == 7
    assert checkpoint["hyper_parameters"]["model"]["num_classes"] == 10  # resolved
    assert checkpoint["hyper_parameters"].keys() == config.keys()
    json.dumps(checkpoint["hyper_parameters"])  # plain types only
    assert checkpoint["classes"] == [str(digit) for digit in range(10)]
    assert checkpoint["preprocessing"] == {"image_shape": [1, 28, 28], "mean": [0.2247], "std": [0.3144]}
    assert checkpoint["random_state"]["cpu"].dtype == torch.uint8
    assert checkpoint["epoch"] == (EPOCHS - 1 if name == "last" else finished.result["best_epoch"])


# --- numbers -----------------------------------------------------------------------------------------------


def by_hand(folder) -> dict[str, float]:
    """The test metrics of best.ckpt, by numpy and scikit-learn."""
    checkpoint = torch.load(folder / "checkpoints" / "best.ckpt", weights_only=True)
    config = checkpoint["hyper_parameters"]
    model = instantiate(config["model"]).eval()
    model.load_state_dict({k[6:]: v for k, v in checkpoint["state_dict"].items() if k.startswith("model.")})
    images, labels = instantiate(config["data"], _convert_="all").read()["test"]
    inputs = (images / 255 - config["data"]["mean"][0]) / config["data"]["std"][0]
    with torch.inference_mode():
        logits = model(torch.tensor(inputs, dtype=torch.float32)).numpy().astype(np.float64)
    shares = np.exp(logits - logits.max(1, keepdims=True))
    shares /= shares.sum(1, keepdims=True)
    guessed = shares.argmax(1)
    top5 = np.argsort(-shares, axis=1)[:, :5]
    macro = {"average": "macro", "zero_division": 0}
    return {
        "test/loss": -np.log(shares[np.arange(len(labels)), labels]).mean(),
        "test/accuracy": (guessed == labels).mean(),
        "test/precision": sk.precision_score(labels, guessed, **macro),
        "test/recall": sk.recall_score(labels, guessed, **macro),
        "test/f1": sk.f1_score(labels, guessed, **macro),
        "test/auc": np.mean([sk.roc_auc_score(labels == c, shares[:, c]) for c in range(shares.shape[1])]),
        "test/top5_accuracy": (top5 == labels[:, None]).any(1).mean(),
    }


def check_metrics(end) -> None:
    """Those of the best epoch, and test metrics of the checkpoint that holds it."""
    rows = list(csv.DictReader(end.history.splitlines()))[:-1]
    monitored = [float(row[end.result["monitor"]]) for row in rows]
    best = int(np.argmax(monitored) if end.result["mode"] == "max" else np.argmin(monitored))
    assert end.result["best_epoch"] == best
    tested = by_hand(end.folder)
    for name, value in end.result["metrics"].items():
        if name in tested:
            assert value == pytest.approx(tested[name], rel=1e-5, abs=1e-6), name
        else:
            assert value == float(rows[best][name]), name


def test_final_metrics(finished):
    check_metrics(finished)


@pytest.mark.parametrize("callbacks", [(), ("callbacks=[default,ema]", "callbacks.ema.decay=0.9")])
def test_final_metrics_are_of_the_best_epoch_not_the_last(launch, small, tmp_path, callbacks):
    """The learning rate peaks in the second epoch of four: of what is monitored here the best epoch is known."""
    words = ("trainer.max_epochs=4", "scheduler=one_cycle", "scheduler.peak=0.5", "task.monitor=train/lr")
    end = launch(*small, *words, *callbacks, "optimizer.lr=0.01", folder=tmp_path / "run")
    assert end.code == 0, end.err
    assert end.result["best_epoch"] == 1
    check_metrics(end)


def test_the_monitored_metric_may_be_a_minimum(launch, small, tmp_path):
    words = ("task.monitor=val/loss", "task.mode=min", "trainer.max_epochs=3", "optimizer.lr=0.05")
    end = launch(*small, *words, "scheduler=constant", folder=tmp_path / "run")
    assert end.code == 0, end.err
    check_metrics(end)


def test_the_same_seed_gives_the_same_bits(launch, small, tmp_path):
    words = (*small, "model=mlp", "data.augment.shift=2", "data.augment.erase=0.5")  # with dropout
    first, again, other = (
        launch(*words, f"seed={seed}", folder=tmp_path / name)
        for name, seed in (("first", 0), ("again", 0), ("other", 1))
    )
    assert first.result["metrics"] == again.result["metrics"]
    assert first.result["config_hash"] == again.result["config_hash"]
    assert first.history == again.history
    for name in ("train/loss", "val/loss", "test/loss"):
        assert first.result["metrics"][name] != other.result["metrics"][name]
    assert first.result["config_hash"] != other.result["config_hash"]


def test_the_hash_is_of_what_is_learned_not_of_where(launch, small, tmp_path, monkeypatch):
    """Stopped before anything is built."""
    monkeypatch.setattr("dlexp.run.run", lambda cfg, record: None)
    hashes = [
        launch(*small, *words, folder=tmp_path / str(i)).result["config_hash"]
        for i, words in enumerate(
            [(), ("trainer.accelerator=gpu", "data_dir=/x", "study=y"), ("data.batch_size=51",), ("stages=[fit]",)]
        )
    ]
    assert hashes[0] == hashes[1]
    assert len(set(hashes)) == 3


@pytest.mark.parametrize(
    ("stages", "metrics"),
    [("[fit]", {"train", "val"}), ("[fit,validate,test]", {"train", "val", "test"}), ("[validate]", {"val"})],
)
def test_stages(launch, small, tmp_path, stages, metrics):
    end = launch(*small, f"stages={stages}", folder=tmp_path / "run")
    assert end.code == 0, end.err
    assert {name.split("/")[0] for name in end.result["metrics"]} == metrics


def test_a_checkpoint_can_be_tested_alone(launch, small, finished, tmp_path):
    best = finished.folder / "checkpoints" / "best.ckpt"
    words = ("model=mlp", "model.hidden_sizes=[16]", "stages=[test]", f"ckpt={best}")
    end = launch(*small, *words, folder=tmp_path / "run")
    assert end.code == 0, end.err
    tested = {name: value for name, value in finished.result["metrics"].items() if name.startswith("test/")}
    assert end.result["metrics"] == tested


def test_validation_every_other_epoch(launch, small, tmp_path):
    """An epoch that is not validated has no validation metrics, least of all those of the epoch before."""
    end = launch(*small, "trainer.max_epochs=4", "trainer.check_val_every_n_epoch=2", folder=tmp_path / "run")
    assert end.code == 0, end.err
    rows = list(csv.DictReader(end.history.splitlines()))[:-1]
    assert [bool(row["val/loss"]) for row in rows] == [False, True, False, True]
    assert all(row["train/loss"] for row in rows)
    assert end.result["best_epoch"] in (1, 3)


def test_a_run_may_end_within_an_epoch(launch, small, tmp_path):
    end = launch(*small, "+trainer.max_steps=6", folder=tmp_path / "run")
    assert end.code == 0, end.err
    assert torch.load(end.folder / "checkpoints" / "last.ckpt", weights_only=True)["global_step"] == 6
    rows = list(csv.DictReader(end.history.splitlines()))
    assert [(row["epoch"], bool(row["val/loss"])) for row in rows] == [("0", True), ("1", False), ("", False)]
    assert end.result["best_epoch"] == 0


def test_without_validation_the_last_epoch_counts(launch, small, tmp_path):
    end = launch(*small, "data.validation=0", folder=tmp_path / "run")
    assert end.code == 0, end.err
    assert end.result["best_epoch"] is None
    assert {name.split("/")[0] for name in end.result["metrics"]} == {"train", "test"}
    assert [path.name for path in (end.folder / "checkpoints").iterdir()] == ["last.ckpt"]


def test_early_stopping(launch, small, tmp_path):
    """With a learning rate of 0 nothing improves after the first epoch."""
    words = ("callbacks=[default,early_stopping]", "callbacks.early_stopping.patience=2", "trainer.max_epochs=9")
    end = launch(*small, *words, "optimizer.lr=0", "optimizer.weight_decay=0", folder=tmp_path / "run")
    assert end.code == 0, end.err
    assert (end.result["epochs"], end.result["best_epoch"]) == (3, 0)
