"""The task of perceptrons: it counts and ends where nothing is mistaken, a killed run goes on bit by bit."""

import json
import math

import pytest
import torch

from dlexp.errors import InputError
from dlexp.models.scratch.perceptron import Perceptron
from dlexp.tasks.perceptron_learning import PerceptronLearning

WORDS = (
    *("task=perceptron", "trainer=cpu", "logger=none", "callbacks.curves=null"),
    *("callbacks.classification_figures=null", "data.samples=60", "data.test=40", "data.validation=40"),
)
FIELDS = {"input_shape": [2], "num_classes": 2, "bound_up_to": 100, "monitor": "val/accuracy", "mode": "max"}


def column(history: str, name: str) -> list[float]:
    names, *rows = (line.split(",") for line in history.splitlines())
    return [float(row[names.index(name)]) for row in rows if row[names.index(name)]]


def test_ends_with_the_first_epoch_without_mistakes(launch, tmp_path):
    end = launch(*WORDS, "data.points.margin=0.02", "seed=3", folder=tmp_path / "run")
    assert (end.code, end.err) == (0, "")
    in_epoch, so_far = (column(end.history, f"train/{name}") for name in ("mistakes_of_epoch", "mistakes"))
    assert in_epoch[-1] == 0
    assert all(count > 0 for count in in_epoch[:-1])
    assert len(in_epoch) > 2
    assert so_far == [sum(in_epoch[: epoch + 1]) for epoch in range(len(in_epoch))]
    accuracy = column(end.history, "train/accuracy")
    assert accuracy == pytest.approx([1 - count / 60 for count in in_epoch], abs=0.02)  # 0 is a mistake of both classes
    (bound,) = set(column(end.history, "train/bound"))
    assert so_far[-1] <= bound < math.inf
    assert (tmp_path / "run" / "figures" / "perceptron.png").is_file()
    assert end.result["parameters"] == 3
    last = torch.load(tmp_path / "run" / "checkpoints" / "last.ckpt", weights_only=True)
    assert last["mistakes"]["flawless"]


@pytest.mark.parametrize("model", ["model=perceptron", "model=multiclass_perceptron"])
def test_a_killed_run_goes_on_bit_by_bit(launch, tmp_path, model):
    words = (*WORDS, model, "data.points.margin=-0.3", "trainer.max_epochs=4")
    unbroken = launch(*words, folder=tmp_path / "unbroken")
    assert (unbroken.code, unbroken.err) == (0, "")
    assert launch(*words, "+trainer.max_steps=8", "stages=[fit]", folder=tmp_path / "first").code == 0  # 4 an epoch
    ckpt = tmp_path / "first" / "checkpoints" / "last.ckpt"
    resumed = launch(*words, f'ckpt="{ckpt}"', folder=tmp_path / "second")
    assert (resumed.code, resumed.err) == (0, "")
    assert resumed.result["metrics"] == unbroken.result["metrics"]
    assert resumed.history == unbroken.history
    states = [
        torch.load(tmp_path / run / "checkpoints" / "last.ckpt", weights_only=True) for run in ("unbroken", "second")
    ]
    assert states[0]["state_dict"].keys() == states[1]["state_dict"].keys()
    assert all(torch.equal(value, states[1]["state_dict"][name]) for name, value in states[0]["state_dict"].items())
    kept = [state["perceptron_figure"] for state in states]
    assert kept[0]["met"] == kept[1]["met"] == 240
    assert torch.equal(kept[0]["when"], kept[1]["when"])
    assert ("planes" in kept[0]) == (model == "model=perceptron")
    if "planes" in kept[0]:
        assert torch.equal(kept[0]["planes"], kept[1]["planes"])
        last = torch.cat([states[0]["state_dict"]["model.weight"], states[0]["state_dict"]["model.bias"][None]])
        torch.testing.assert_close(kept[0]["planes"][-1], last)


def test_what_has_ended_stays_as_it_is(launch, tmp_path):
    """A run that was stopped after an epoch without mistakes, before it was tested."""
    words = (*WORDS, "model=multiclass_perceptron", "data.points.margin=0.5")
    ended = launch(*words, folder=tmp_path / "first")
    again = launch(*words, f'ckpt="{tmp_path}/first/checkpoints/last.ckpt"', folder=tmp_path / "second")
    assert (again.code, again.err) == (0, "")
    assert again.result["metrics"] == ended.result["metrics"]


def test_images_without_a_bound(launch, tmp_path):
    words = ("data=digits", "model=multiclass_perceptron", "data.limit=200", "trainer.max_epochs=2")
    end = launch(*(word for word in WORDS if not word.startswith("data.")), *words, folder=tmp_path / "run")
    assert (end.code, end.err) == (0, "")
    assert "train/bound" not in end.history
    assert end.result["metrics"]["test/accuracy"] > 0.7
    assert {path.stem for path in (tmp_path / "run" / "figures").iterdir()} == {"perceptron", "weights"}
    json.dumps(end.result, allow_nan=False)


def test_what_cannot_learn_from_mistakes():
    with pytest.raises(InputError, match="model Linear does not learn from mistakes"):
        PerceptronLearning(model=torch.nn.Linear(2, 2), **FIELDS)


def test_metrics_that_it_names():
    task = PerceptronLearning(model=Perceptron(input_shape=[2], num_classes=2), **FIELDS)
    assert {"train/mistakes", "train/mistakes_of_epoch", "train/bound", "val/accuracy", "test/loss"} <= task.logged
