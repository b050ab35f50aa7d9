"""`hydra/sweeper=optuna` on the command line, with real trainings that take a moment, and what it refuses."""

import inspect
import json
import sys

import pytest
from filelock import FileLock
from hydra.utils import get_class
from omegaconf import OmegaConf

from dlexp.composition.groups import CONF
from dlexp.composition.plugins import register_plugins
from dlexp.reporting.search_journal import JOURNAL, load_search

LR = "optimizer.lr=tag(log,interval(1e-4,1e-1))"
MEDIAN = "hydra/sweeper/pruner=median"
OPTUNA = ("hydra/sweeper=optuna", "hydra/launcher=inline", "-m")


@pytest.fixture(autouse=True)
def _no_comparison(monkeypatch):
    monkeypatch.setattr("dlexp.studies.study.Study.on_multirun_end", lambda self, config, **kwargs: None)


def results(folder) -> dict[str, dict]:
    return {path.parent.name: json.loads(path.read_text()) for path in folder.glob("*/result.json")}


def told(end) -> list[str]:
    return [line for line in end.out.splitlines() if line.startswith("trial")]


def test_a_search_and_more_of_it(launch, small, tmp_path):
    words = (*small, LR, "trainer.max_epochs=1", "study=mine")
    end = launch(*words, "hydra.sweeper.n_trials=2", *OPTUNA, folder=tmp_path / "s")
    assert (end.code, end.err) == (0, "")
    before = results(tmp_path / "s")
    assert [run["status"] for run in before.values()] == ["finished"] * 2

    end = launch(*words, "hydra.sweeper.n_trials=3", *OPTUNA, folder=tmp_path / "s")
    assert (end.code, end.err) == (0, "")
    assert len(told(end)) == 1
    after = results(tmp_path / "s")
    assert len(after) == 3
    assert after == after | before  # untouched
    for trial in load_search(tmp_path / "s").trials:
        (run,) = [run for run in after.values() if f"optimizer.lr={trial.params['optimizer.lr']}" in run["overrides"]]
        assert run["metrics"]["val/accuracy"] == trial.value


def test_choosing_a_pruner_is_enough(launch, small, tmp_path):
    eager = [f"hydra.sweeper.pruner.{key}" for key in ("n_startup_trials=1", "n_warmup_steps=0", "n_min_trials=1")]
    words = (*small, LR, "trainer.max_epochs=3", MEDIAN, *eager)
    end = launch(*words, "hydra.sweeper.n_trials=6", *OPTUNA, folder=tmp_path / "s")
    assert (end.code, end.err) == (0, "")
    runs = results(tmp_path / "s")
    trials = load_search(tmp_path / "s").trials
    assert len(runs) == len(trials) == 6
    assert trials[0].state.name == "COMPLETE"
    assert "PRUNED" in {trial.state.name for trial in trials}
    for trial in trials:
        (run,) = [run for run in runs.values() if f"optimizer.lr={trial.params['optimizer.lr']}" in run["overrides"]]
        assert run["status"] == {"COMPLETE": "finished", "PRUNED": "pruned"}[trial.state.name]
        assert len(trial.intermediate_values) == 3 or run["status"] == "pruned"


def test_the_sweep_of_the_task_is_said(launch, monkeypatch, small, tmp_path):
    monkeypatch.setattr("dlexp.studies.search.search.Loop.run", lambda self: self.announce())
    end = launch(*small[1:], LR, *OPTUNA, folder=tmp_path / "s")
    assert (end.code, end.err) == (0, "")
    (line,) = [line for line in end.out.splitlines() if line.startswith("  model:")]
    assert "lenet" in line
    assert "the task's sweep: model=VALUE fixes it" in line
    end = launch(*small, LR, *OPTUNA, folder=tmp_path / "t")
    assert "model" not in end.out


GOALS = "hydra.sweeper.objectives={val/accuracy: max, parameters: min}"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("model=linear",), "nothing to search"),
        (("model=linear,lente",), "did you mean 'lenet'"),
        (("model=linear", "optimizer.lrr=interval(0,1)"), "did you mean 'optimizer.lr'"),
        (("model=linear", "trainer.max_epochs=interval(1,5)"), "wants a whole number, which int(interval(…)) draws"),
        (("model=linear", LR, "hydra/sweeper/sampler=cmeas"), "did you mean 'cmaes'"),
        (("model=linear", LR, "hydra.sweeper.objectives={test/accuracy: max}"), "test split"),
        (("model=linear", LR, GOALS, "hydra/sweeper/sampler=cmaes"), "multi-objective"),
        (("model=linear", LR, GOALS, MEDIAN), "one objective"),
        (("model=linear", LR, "seed=0,1", MEDIAN), "the 2 seeds of a trial"),
        (("model=linear", LR, MEDIAN, "callbacks=[ema]"), "callbacks="),
        (("model=linear", LR, "hydra.sweeper.objectives={parameters: min}", MEDIAN), "from epoch to epoch"),
        (("model=linear", LR, "hydra.sweeper.n_jobs=0"), "hydra.sweeper.n_jobs=0"),
        (("model=linear", LR, "hydra.sweeper.seed=null"), "hydra.sweeper.seed=None"),
    ],
)
def test_what_makes_no_sense_leaves_nothing(launch, tmp_path, words, said):
    end = launch(*words, *OPTUNA, folder=tmp_path / "s")
    assert end.code == 1
    (line,) = end.err.splitlines()
    assert line.startswith("dlexp: ")
    assert said in line
    assert not (tmp_path / "s" / JOURNAL).exists()


def test_yaml_is_the_signature():
    register_plugins()
    keys = set(OmegaConf.load(CONF / "hydra" / "sweeper" / "optuna.yaml")) - {"_target_", "_recursive_", "defaults"}
    parameters = inspect.signature(get_class("hydra_plugins.dlexp_optuna.OptunaSweeper")).parameters
    assert keys | {"sampler", "pruner"} == set(parameters)
    assert all(p.default is p.empty and p.kind is p.KEYWORD_ONLY for p in parameters.values())


def test_two_searches_at_once_are_refused(launch, small, tmp_path):
    (tmp_path / "s").mkdir()
    with FileLock(tmp_path / "s" / ".search.lock"):
        end = launch(*small, LR, *OPTUNA, folder=tmp_path / "s")
    assert end.code == 1
    assert "another search is at work" in end.err


def test_without_optuna(launch, small, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    end = launch(*small, LR, *OPTUNA, folder=tmp_path / "s")
    assert end.code == 1
    assert end.err == "dlexp: a search needs Optuna: pip install -e '.[search]'\n"
