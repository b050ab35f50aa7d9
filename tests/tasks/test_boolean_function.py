"""The task that answers without a fit: what the network, the perceptron, the linear program and an attack say."""

import pytest

from dlexp.errors import InputError
from dlexp.models.scratch.interval_network import IntervalNetwork
from dlexp.models.scratch.perceptron import Perceptron
from dlexp.tasks.boolean_function import BooleanFunction

WORDS = ("task=boolean_function", "trainer=cpu", "logger=none")


def metrics(launch, folder, **changes) -> dict[str, float]:
    words = [f"data.{name}={value}" for name, value in changes.items() if name != "form"]
    form = [f"model.form={changes['form']}"] if "form" in changes else []
    end = launch(*WORDS, *words, *form, folder=folder)
    assert (end.code, end.err) == (0, "")
    return {name.removeprefix("test/"): value for name, value in end.result["metrics"].items()}


@pytest.mark.parametrize("form", ["threshold", "relu"])
def test_no_plane(launch, tmp_path, form):
    found = metrics(launch, tmp_path / "run", dimension=5, low=-1, high=1, form=form)
    assert found["accuracy"] == found["overall_accuracy"] == 1
    assert found["inputs"] == 32
    assert found["majority_accuracy"] == 20 / 32
    assert found["separable"] == 0
    assert found["proof_inputs"] >= 4
    assert found["perceptron_epochs"] == 50
    assert found["perceptron_accuracy"] <= found["perceptron_best_accuracy"] < 1
    assert found["margin"] == pytest.approx(1 / 5)
    assert found["margin_l2"] == pytest.approx(5**-0.5)
    assert found["changed_below"] == 0
    assert found["changed_above"] == 1 - 2 / 32  # the ends, -5 and 5, have no boundary beside them
    figures = {path.stem for path in (tmp_path / "run" / "figures").iterdir()}
    assert figures == {"boolean_function", "interval_network", "no_plane"}


@pytest.mark.parametrize(("low", "high"), [(-9, 1), (3, 3)])
def test_a_plane_is_found_and_learned(launch, tmp_path, low, high):
    found = metrics(launch, tmp_path / "run", dimension=6, low=low, high=high)
    assert found["separable"] == found["perceptron_accuracy"] == found["accuracy"] == found["overall_accuracy"] == 1
    assert found["perceptron_epochs"] < 50
    assert "proof_inputs" not in found
    assert ("margin" in found) == ((low, high) != (3, 3))  # no sum of six is 3: nothing can change the answer
    assert {path.stem for path in (tmp_path / "run" / "figures").iterdir()} == {"boolean_function", "interval_network"}


def test_more_inputs_than_can_be_tried(launch, tmp_path):
    found = metrics(launch, tmp_path / "run", dimension=60, low=-4, high=4, inputs=300)
    assert found["accuracy"] == found["overall_accuracy"] == 1
    assert found["inputs"] == 300
    assert found["separable"] == 0
    assert found["proof_inputs"] == 3  # one sum within, between two without
    assert found["margin"] == pytest.approx(1 / 60)
    assert found["changed_below"] == 0 < found["changed_above"]


def test_what_it_cannot_use(launch, tmp_path):
    fields = {
        **{"perceptron": lambda: None, "dimension": 2, "low": 0, "high": 0, "epochs": 1, "batch_size": 4},
        **{"attacks": 1, "seed": 0, "monitor": "test/accuracy", "mode": "max"},
    }
    network = IntervalNetwork(dimension=2, low=0, high=0, form="relu")
    BooleanFunction(model=network, **fields)
    for name in ("epochs", "batch_size", "attacks"):
        with pytest.raises(InputError, match=f"task.{name}=0"):
            BooleanFunction(model=network, **fields | {name: 0})
    with pytest.raises(InputError, match="knows no margin"):
        BooleanFunction(model=Perceptron(input_shape=[2], num_classes=2), **fields)
    end = launch(*WORDS, "data.low=3", "data.high=1", folder=tmp_path / "run")
    assert end.code != 0
    assert "data.low=3 is above data.high=1" in end.err
