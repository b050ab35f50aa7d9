"""Training judged as validation is: on which samples, with which weights, and without a trace in the training."""

import csv

import pytest
import torch
from hydra.utils import instantiate
from torch.nn.functional import cross_entropy

from dlexp.callbacks.generalisation_gap import GeneralisationGap, spread_sample

QUICK = (
    *("task=mlp", "trainer=cpu", "trainer.max_epochs=2", "model.hidden_sizes=[16]", "model.dropout=0.5"),
    *("data.limit=120", "data.validation=60", "data.batch_size=40", "data.augment.shift=2"),
    *("logger=none", "callbacks.curves=null", "callbacks.classification_figures=null"),
)


@pytest.mark.parametrize("size", [1, 10, 60, 119, 120])
def test_the_sample_has_every_class_as_often_as_its_share(size):
    labels = torch.tensor([0] * 60 + [1] * 40 + [2] * 20)[torch.randperm(120)]
    index = spread_sample(labels, size)
    assert len(set(index.tolist())) == size
    counts = labels[index].bincount(minlength=3)
    assert ((counts - size * torch.tensor([60, 40, 20]) / 120).abs() <= 1).all()
    assert torch.equal(index, spread_sample(labels, size))


def rows(folder) -> list[dict[str, float]]:
    lines = csv.DictReader((folder / "metrics.csv").read_text().splitlines())
    return [{name: float(value) for name, value in row.items() if value} for row in lines]


@pytest.fixture(scope="module")
def averaged(launch, tmp_path_factory):
    """A run with dropout, augmentation and an average of the weights."""
    words = ("callbacks=[default,ema]", "callbacks.ema.decay=0.5")
    return launch(*QUICK, *words, folder=tmp_path_factory.mktemp("averaged"))


def test_equals_what_the_best_checkpoint_says_of_plain_training_images(averaged):
    assert averaged.err == ""
    checkpoint = torch.load(averaged.folder / "checkpoints" / "best.ckpt", weights_only=True)
    cfg = checkpoint["hyper_parameters"]
    model = instantiate(cfg["model"]).eval()
    weights = {name.removeprefix("model."): value for name, value in checkpoint["state_dict"].items()}
    model.load_state_dict({name: weights[name] for name in model.state_dict()})
    data = instantiate(cfg["data"])
    data.setup()
    index = spread_sample(data.labels("train"), 60)
    labels = data.labels("train")[index]
    with torch.inference_mode():
        scores = model(data.prepare(data.images("train")[index]))
    metrics = averaged.result["metrics"]
    assert metrics["train/eval_loss"] == pytest.approx(cross_entropy(scores, labels).item(), rel=1e-5)
    assert metrics["train/eval_accuracy"] == pytest.approx((scores.argmax(1) == labels).float().mean().item())


def test_every_epoch_has_both_beside_the_validation(averaged):
    *epochs, test = rows(averaged.folder)
    assert len(epochs) == 2
    for row in epochs:
        assert {"train/loss", "train/eval_loss", "train/eval_accuracy", "val/loss", "val/accuracy"} <= row.keys()
    assert not GeneralisationGap.logged & test.keys()
    best = epochs[averaged.result["best_epoch"]]
    assert {name: averaged.result["metrics"][name] for name in best if "/" in name} == {
        name: value for name, value in best.items() if "/" in name
    }
    assert (averaged.folder / "figures" / "gap.png").stat().st_size > 10_000


def test_training_is_the_same_without_it(launch, averaged, tmp_path):
    words = ("callbacks=[default,ema]", "callbacks.ema.decay=0.5", "callbacks.generalisation_gap=null")
    alone = launch(*QUICK, *words, folder=tmp_path)
    watched = [{k: v for k, v in row.items() if k not in GeneralisationGap.logged} for row in rows(averaged.folder)]
    assert rows(alone.folder) == watched  # to the last bit
    assert not (tmp_path / "figures" / "gap.png").exists()


@pytest.mark.parametrize("without", ["data.validation=0", "trainer.limit_val_batches=0"])
def test_without_validation_there_is_nothing_to_hold_it_against(launch, tmp_path, without):
    words = (without, "task.monitor=train/loss", "task.mode=min", "stages=[fit]", "trainer.max_epochs=1")
    end = launch(*QUICK, *words, folder=tmp_path)
    assert (end.code, end.err) == (0, "")
    assert not GeneralisationGap.logged & end.result["metrics"].keys()
    assert not (tmp_path / "figures" / "gap.png").exists()


def test_early_stopping_ends_where_validation_turns(launch, tmp_path, monkeypatch):
    said = {}
    monkeypatch.setattr("dlexp.reporting.gap.gap_curves", lambda history, **known: said.update(known))
    monkeypatch.setattr("dlexp.callbacks.generalisation_gap.keep_figure", lambda *arguments: None)
    words = ("callbacks.early_stopping.patience=2", "optimizer.lr=0.3", "data.augment.shift=0", "model.dropout=0")
    end = launch("experiment=mlp_early_stopping", *QUICK[3:], *words, "trainer.max_epochs=60", folder=tmp_path)
    epochs = len(rows(tmp_path)) - 1  # the last row is of the test
    assert epochs < 60
    losses = [row["val/loss"] for row in rows(tmp_path)[:epochs]]
    assert losses.index(min(losses)) == end.result["best_epoch"] == epochs - 3
    assert said == {"best_epoch": epochs - 3, "stopped": True}
