"""The stage `tune`: a short training for each value, the best of which the run then uses."""

import csv
import io
import json

import pytest

from dlexp.tuning import at_border, choose

SEARCH = "tune={key:optimizer.lr,factors:[0.1,1,10],max_epochs:1,monitor:val/loss,mode:min}"
TUNED = ("stages=[tune,fit,test]", SEARCH, "scheduler=constant", "optimizer.lr=0.001", "seed=3")


def epochs(history: str) -> list[dict[str, str]]:
    return [row for row in csv.DictReader(io.StringIO(history)) if row["epoch"]]


@pytest.fixture(scope="module")
def tuned(launch, small, tmp_path_factory):
    end = launch(*small, *TUNED, folder=tmp_path_factory.mktemp("tuned"))
    assert (end.code, end.err) == (0, "")
    return end


def test_each_trial_is_what_a_short_run_would_be(tuned, launch, small, tmp_path):
    found = json.loads((tuned.folder / "tuning.json").read_text())
    assert found["key"] == "optimizer.lr"
    assert found["values"] == [0.0001, 0.001, 0.01]
    for value, score in zip(found["values"], found["scores"], strict=True):
        words = ("scheduler=constant", f"optimizer.lr={value}", "seed=3", "trainer.max_epochs=1", "stages=[fit]")
        end = launch(*small, *words, folder=tmp_path / str(value))
        assert float(epochs(end.history)[0]["val/loss"]) == score


def test_the_run_is_that_of_the_best_value(tuned, launch, small, tmp_path):
    found = json.loads((tuned.folder / "tuning.json").read_text())
    best = found["values"][found["scores"].index(min(found["scores"]))]
    metrics = tuned.result["metrics"]
    assert (metrics["tune/lr"], metrics["tune/loss"]) == (best, min(found["scores"]))
    assert f"tuned optimizer.lr={best:g}" in tuned.out
    words = ("scheduler=constant", f"optimizer.lr={best}", "seed=3")
    end = launch(*small, *words, folder=tmp_path)
    assert tuned.history == end.history
    assert {k: v for k, v in metrics.items() if not k.startswith("tune/")} == end.result["metrics"]


def test_without_epochs_of_its_own_a_trial_is_the_whole_run(launch, small, tmp_path):
    search = SEARCH.replace("max_epochs:1", "max_epochs:null")
    end = launch(*small, *TUNED, search, folder=tmp_path)
    assert float(epochs(end.history)[-1]["val/loss"]) == end.result["metrics"]["tune/loss"]


def test_finished_trials_are_not_repeated(tuned, launch, small, tmp_path):
    found = json.loads((tuned.folder / "tuning.json").read_text())
    scores = found["scores"]
    (tmp_path / "tuning.json").write_text(json.dumps(found | {"scores": scores[:2]}))
    end = launch(*small, *TUNED, folder=tmp_path)
    assert "tune 3/3" in end.out
    assert "tune 2/3" not in end.out
    assert end.history == tuned.history
    assert json.loads((tmp_path / "tuning.json").read_text())["scores"] == scores


def test_trials_of_another_config_are(tuned, launch, small, tmp_path):
    found = json.loads((tuned.folder / "tuning.json").read_text())
    (tmp_path / "tuning.json").write_text(json.dumps(found | {"scores": [0.0], "config_hash": "another"}))
    end = launch(*small, *TUNED, folder=tmp_path)
    assert end.history == tuned.history


def test_a_run_that_resumes_elsewhere_takes_the_value_from_its_checkpoint(tuned, launch, small, tmp_path):
    ckpt = tuned.folder / "checkpoints" / "last.ckpt"
    end = launch(*small, *TUNED, "trainer.max_epochs=3", f'ckpt="{ckpt}"', folder=tmp_path)
    assert (end.code, end.err) == (0, "")
    assert "tune " not in end.out
    assert end.result["metrics"]["tune/lr"] == tuned.result["metrics"]["tune/lr"]
    assert epochs(end.history)[:2] == epochs(tuned.history)


def test_what_is_wrong_in_a_trial_is_no_divergence(launch, small, tmp_path):
    end = launch(*small, *TUNED, "data.validation=5000", folder=tmp_path)
    assert end.code == 1
    assert "data.validation=5000" in end.err
    assert not (tmp_path / "tuning.json").exists()


def test_a_value_that_diverges_is_the_worst_and_no_more(launch, small, tmp_path):
    search = SEARCH.replace("[0.1,1,10]", "[1,1e38]")
    end = launch(*small, *TUNED, search, "optimizer=sgd", "optimizer.lr=0.1", folder=tmp_path, report=True)
    assert (end.code, end.err) == (0, "")
    assert json.loads((tmp_path / "tuning.json").read_text())["scores"][1] == float("inf")
    assert end.result["metrics"]["tune/lr"] == 0.1
    assert (tmp_path / "figures" / "tuning.png").is_file()


def test_all_diverging_is_said_in_a_line(launch, small, tmp_path):
    search = SEARCH.replace("[0.1,1,10]", "[1e38]")
    end = launch(*small, *TUNED, search, "optimizer=sgd", "optimizer.lr=1", folder=tmp_path)
    assert end.code == 1
    assert end.err.count("\n") == 1
    assert "no value of optimizer.lr" in end.err
    assert end.result["status"] == "failed"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("tune=null",), "tune is null"),
        ((SEARCH.replace("optimizer.lr", "optimizer.rate"),), "tune.key=optimizer.rate"),
        ((SEARCH.replace("optimizer.lr", "task.monitor"),), "tune.key=task.monitor"),
        ((SEARCH.replace("[0.1,1,10]", "[]"),), "tune.factors=[]"),
        ((SEARCH.replace("[0.1,1,10]", "[0,1]"),), "tune.factors=[0, 1]"),
        ((SEARCH.replace("min}", "least}"),), "tune.mode=least"),
        ((SEARCH.replace("val/loss", "val/lose"),), "tune.monitor=val/lose"),
    ],
)
def test_a_search_that_cannot_be(launch, small, tmp_path, words, said):
    end = launch(*small, *TUNED, *words, folder=tmp_path)
    assert end.code == 1
    assert end.err.count("\n") == 1
    assert said in end.err


def test_choose():
    inf = float("inf")
    assert choose([3.0, 1.0, 2.0], "min") == 1
    assert choose([3.0, 1.0, 2.0], "max") == 0
    assert choose([1.0, 1.0], "min") == 0
    assert choose([inf, inf], "min") is None
    assert choose([-inf, 0.5], "max") == 1


def test_at_border():
    assert at_border([0.1, 1.0, 10.0], 1) == ""
    assert "largest" in at_border([0.1, 1.0, 10.0], 2)
    assert "least" in at_border([0.1, 1.0, 10.0], 0)
    assert at_border([0.1], 0) == ""
