"""Adding as a task: against a bare loop, by torch and by hand, stopped and resumed, and what does not fit."""

import csv
from functools import partial

import numpy as np
import pytest
import torch
from fitting import Loader, runner
from torch import Tensor, nn

from dlexp.cost import cost
from dlexp.errors import InputError
from dlexp.models.sequence.recurrent_reader import RecurrentReader
from dlexp.optim.decay import parameter_groups
from dlexp.optim.schedules import constant, cosine
from dlexp.tasks.sequence_regression import SequenceRegression

SHAPE = [6, 2]
SMALL = (  # words of a training that takes a moment, without figures
    *("task=adding", "trainer=cpu", "logger=none", "callbacks.curves=null", "callbacks.adding_figures=null"),
    *("callbacks.gradient_over_time.sequences=4", "callbacks.error_by_length.sequences=4", "trainer.max_epochs=3"),
    *("data.length=8", "data.batches=4", "data.batch_size=16", "data.validation=40", "data.test=40"),
    *("model.hidden_size=6",),
)

pytestmark = pytest.mark.filterwarnings(
    *("ignore:.*LeafSpec", "ignore:.*no `val_dataloader`", "ignore:.*does not have many workers"),
    "ignore:.*log_every_n_steps",
)


def network(**changes) -> RecurrentReader:
    torch.manual_seed(0)
    arguments = {"input_shape": SHAPE, "cell": "elman", "hidden_size": 4, "layers": 1, "bidirectional": False}
    arguments |= {"dropout": 0.0, "activation": "tanh", "implementation": "torch", "initialisation": "default"}
    return RecurrentReader(**(arguments | {"chrono": None, "truncate": None} | changes))


def task(model: nn.Module | None = None, **changes) -> SequenceRegression:
    arguments = {"optimizer": partial(torch.optim.SGD, lr=0.1), "scheduler": constant, "input_shape": SHAPE}
    return SequenceRegression(model=model or network(), **(arguments | {"monitor": "val/mse", "mode": "min"} | changes))


def batches(*sizes: int) -> list[tuple[Tensor, Tensor]]:
    generator = torch.Generator().manual_seed(1)
    inputs = [torch.rand(size, *SHAPE, generator=generator) for size in sizes]
    return [(x, x.prod(2).sum(1, keepdim=True)) for x in inputs]


# --- training and judging ---------------------------------------------------------------------------------


def test_training_equals_a_bare_loop_with_clipped_gradients():
    schedule = partial(cosine, warmup=0.1, final=0.1)
    adam = partial(torch.optim.Adam, lr=0.05)
    module = task(optimizer=adam, scheduler=schedule)
    trainer = runner(max_epochs=3, gradient_clip_val=0.1)
    trainer.fit(module, Loader(batches(5, 5, 5)))

    model = network()
    weights = list(model.parameters())
    optimizer = adam(parameter_groups(model))
    scheduler = schedule(optimizer, total_steps=9)
    clipped = 0
    for _ in range(3):
        noted = []
        for x, y in batches(5, 5, 5):
            loss = (model(x) - y).square().mean()
            optimizer.zero_grad()
            loss.backward()
            norm = sum(weight.grad.square().sum() for weight in weights) ** 0.5
            clipped += norm > 0.1
            for weight in weights:
                weight.grad *= min(1.0, 0.1 / (norm.item() + 1e-6))
            optimizer.step()
            scheduler.step()
            noted.append(loss.item())
    assert clipped > 0
    for ours, theirs in zip(module.model.parameters(), weights, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-6)
    assert trainer.callback_metrics["train/mse"] == pytest.approx(np.mean(noted), rel=1e-5)


@pytest.mark.parametrize("stage", ["val", "test"])
def test_batches_of_two_sizes_weigh_by_their_sequences(stage):
    module = task()
    trainer = runner()
    evaluate = trainer.validate if stage == "val" else trainer.test
    (found,) = evaluate(module, Loader(batches(5, 2)), verbose=False)
    x, y = (torch.cat(parts) for parts in zip(*batches(5, 2), strict=True))
    with torch.no_grad():
        assert found == pytest.approx({f"{stage}/mse": (module.model(x) - y).square().mean().item()})


def test_what_it_logs_is_what_it_says():
    module = task()
    trainer = runner()
    trainer.fit(module, Loader(batches(4)), Loader(batches(4)))
    found = set(trainer.callback_metrics)
    trainer.test(module, Loader(batches(4)), verbose=False)
    assert found | set(trainer.callback_metrics) == module.logged


@pytest.mark.parametrize("implementation", ["torch", "scratch"])
@pytest.mark.parametrize(("cell", "gates"), [("elman", 1), ("lstm", 4), ("gru", 3)])
def test_its_cost(cell, gates, implementation):
    """Per step and gate a product with the input and one with the state, a multiply-add as two; then the answer."""
    found = cost(task(network(cell=cell, implementation=implementation)))
    assert found == {"parameters": gates * 4 * (2 + 4 + 2) + 5, "flops": 2 * (6 * gates * 4 * (2 + 4) + 4)}


# --- by the real command ----------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["elman", "lstm"])
def test_by_torch_or_by_hand_the_same_losses(launch, tmp_path, model):
    losses = {}
    for implementation in ("torch", "scratch"):
        words = (*SMALL, "data.batches=1", "stages=[fit]", f"model={model}", f"model.implementation={implementation}")
        end = launch(*words, folder=tmp_path / implementation)
        assert (end.code, end.err) == (0, "")
        losses[implementation] = [float(row["train/mse"]) for row in csv.DictReader(end.history.splitlines())]
    assert len(losses["torch"]) == 3  # steps
    assert len(set(losses["torch"])) == 3
    assert losses["scratch"] == pytest.approx(losses["torch"], rel=1e-5)


def test_a_short_sum_is_solved_and_what_is_left_of_it(launch, tmp_path):
    words = (*SMALL, "model=gru", "model.hidden_size=24", "data.length=6", "data.batches=25", "data.batch_size=64")
    changes = ("trainer.max_epochs=40", "callbacks.steps_to_solve.threshold=0.01", "callbacks.steps_to_solve.stop=true")
    end = launch(*words, *changes, folder=tmp_path / "run")
    assert (end.code, end.err) == (0, "")
    metrics = end.result["metrics"]
    solved = metrics["val/steps_to_solve"]
    assert end.result["measures"] == ["val/steps_to_solve"]
    assert solved % 25 == 0
    assert end.result["epochs"] == solved / 25 < 40  # it stopped there
    assert metrics["val/mse"] < 0.01
    assert metrics["test/mse"] < 0.02
    assert metrics["test/mse_of_predicting_one"] == pytest.approx(1 / 6, abs=0.06)
    assert {path.stem for path in (end.folder / "profiles").glob("*.json")} == {
        "gradient_at_the_start",
        "gradient_at_the_end",
        "error_by_length",
    }


@pytest.mark.parametrize("precision", ["64-true", "bf16-true"])
def test_in_other_precisions_with_all_its_figures(launch, tmp_path, precision):
    words = [word for word in SMALL if word != "callbacks.adding_figures=null"]
    end = launch(*words, "model=gru", "trainer.max_epochs=1", f"trainer.precision={precision}", folder=tmp_path / "run")
    assert (end.code, end.err) == (0, "")
    assert end.result["precision"] == precision
    assert end.result["metrics"]["test/mse"] > 0
    names = {path.stem for path in (end.folder / "figures").glob("*.png")}
    assert names >= {"answers", "one_sequence", "error_by_length", "gradient_over_time"}


def test_the_shortest_sequences(launch, tmp_path):
    words = [*SMALL, "data.length=2", "trainer.max_epochs=1"]
    end = launch(*words, folder=tmp_path / "run")
    assert (end.code, end.err) == (0, "")


def test_an_explosion_is_said_in_one_line_and_seen_in_a_figure(launch, tmp_path):
    end = launch(*SMALL, "model=irnn", "optimizer.lr=1e20", "trainer.gradient_clip_val=null", folder=tmp_path / "run")
    assert end.code == 1
    (said,) = end.err.splitlines()
    assert "trainer.gradient_clip_val=1" in said
    assert (end.folder / "figures" / "gradient_over_time.png").exists()
    assert (end.folder / "profiles" / "gradient_at_the_start.json").exists()


def test_resumed_within_an_epoch_bit_by_bit(resumed_beside_unbroken):
    """Dropout draws on where it was, and so do the means, the gradients' measurements and the steps to solve."""
    words = (*SMALL, "model=gru", "model.layers=2", "model.dropout=0.3", "callbacks.steps_to_solve.threshold=10")
    resumed, unbroken = resumed_beside_unbroken(SequenceRegression, 6, *words)
    assert unbroken.result["metrics"]["val/steps_to_solve"] == 4
    for name in ("start", "end"):
        ours, theirs = (end.folder / "profiles" / f"gradient_at_the_{name}.json" for end in (resumed, unbroken))
        assert ours.read_text() == theirs.read_text()


# --- what cannot be --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"input_shape": [1, 28, 28]}, "reads sequences .* samples are 1x28x28.*data=adding"),
        ({"input_shape": [2]}, "reads sequences .* samples are 2.*data=adding"),
        ({"input_shape": [6, 3]}, "RecurrentReader cannot take the data's samples of 6x3 numbers"),
        ({"model": nn.Linear(2, 1)}, "Linear gives 6x1 numbers for a sequence, this task wants one.*model=lstm"),
        ({"model": nn.Sequential(nn.Flatten(), nn.Linear(12, 3))}, "Sequential gives 3 numbers"),
    ],
    ids=["images", "points", "wider", "each step", "three"],
)
def test_bad_arguments(changes, line):
    with pytest.raises(InputError, match=line):
        task(**changes)


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (("task=adding", "data=digits"), ("data.length",)),
        (("task=adding", "data=digits", "model=elman"), ("data.input_shape=[1, 28, 28]", "data=adding")),
        (("task=adding", "model=lenet"), ("model.image_shape=[50,2]", "images")),
        (("task=adding", "model=elman", "model.chrono=50"), ("model.chrono=50", "elman")),
        (("task=adding", "model=tcn", "data.length=600"), ("311 of 600", "model.blocks=6")),
        (("task=adding", "model=lstm_bidirectional", "model.truncate=5"), ("model.truncate=5", "both ways")),
        (("task=adding", "data.length=1"), ("data.length=1", "2 or more")),
        (("task=adding", "callbacks.steps_to_solve.threshold=0"), ("callbacks.steps_to_solve.threshold=0",)),
        (("task=adding", "callbacks.gradient_over_time.sequences=0"), ("callbacks.gradient_over_time.sequences=0",)),
        (("task=adding", "callbacks.error_by_length.factors=2"), ("callbacks.error_by_length.factors=2",)),
        (
            ("task=adding", "callbacks.error_by_length.factors=[1,inf]"),
            ("callbacks.error_by_length.factors=[1, inf]",),
        ),
        (("task=adding", "model.cell=[lstm]"), ("model.cell=['lstm']", "elman, lstm, gru")),
        (("task=adding", "model.initialisation=[a]"), ("model.initialisation=['a']",)),
        (("task=adding", "model.initialisation=identity"), ("model.initialisation=identity", "elman")),
        (("task=adding", "model.hidden_size=true"), ("model.hidden_size=True", "whole number")),
        (("task=adding", "model.dropout=0.5"), ("model.dropout=0.5", "model.layers=1")),
        (("task=adding", "model.activation=relu"), ("model.activation=relu", "lstm")),
        (("task=adding", "seed=-1"), ("seed=-1", "0 to 4294967295")),
        (("task=adding", "seed=4294967296"), ("seed=4294967296",)),
        (("task=adding", "trainer.gradient_clip_val=-1"), ("trainer.gradient_clip_val=-1",)),
        (("task=adding", "model=mlp"), ("MLP gives 0 numbers", "model=lstm")),
        (("task=cnn_compare", "data=adding"), ("image",)),
        (("task=autoencoder", "data=adding"), ("image",)),
        (("task=cnn_compare", "model=lstm"), ("data.length",)),
        (("task=cnn_compare", "model=elman"), ("reads sequences",)),
    ],
    ids=lambda part: " ".join(part),
)
def test_parts_that_do_not_fit(refused, words, parts):
    refused("trainer=debug", *words, parts=parts)
