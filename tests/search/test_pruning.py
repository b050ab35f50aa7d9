"""A run that falls behind is stopped: its trial is found through the journal, from whatever process."""

import multiprocessing
from pathlib import Path
from types import SimpleNamespace

import optuna
import pytest
import torch
from omegaconf import OmegaConf
from optuna.trial import TrialState

from dlexp.callbacks.pruning import Pruning
from dlexp.composition.groups import CONF
from dlexp.errors import Pruned
from dlexp.reporting.search_journal import NAME, load_search, need_optuna, storage

PRUNER = {
    "_target_": "optuna.pruners.MedianPruner",
    "n_startup_trials": 1,
    "n_warmup_steps": 0,
    "n_min_trials": 1,
}


@pytest.fixture
def journal(tmp_path):
    """A search whose first trial is beaten by none, and whose second, of these overrides, is under way."""

    def write(*words: str, mode: str = "max", pruner: dict | None = PRUNER, others: float = 2.0) -> optuna.Study:
        need_optuna()
        direction = {"max": "maximize", "min": "minimize"}[mode]
        study = optuna.create_study(study_name=NAME, storage=storage(tmp_path), direction=direction)
        study.set_user_attr("objectives", [["val/accuracy", mode]])
        study.set_user_attr("pruner", pruner)
        good, own = study.ask(), study.ask()
        for epoch in range(9):
            good.report(others, epoch)
        study.tell(good, others)
        own.set_user_attr("jobs", [["another=1"], list(words)])
        return study

    return write


class OneRank:
    """A trainer after an epoch, as far as the callback asks."""

    is_global_zero, fast_dev_run = True, False
    strategy = SimpleNamespace(broadcast=lambda verdict: verdict)

    def __init__(self) -> None:
        self.current_epoch = -1
        self.callback_metrics: dict[str, torch.Tensor] = {}

    def epoch(self, callback: Pruning, value: float, *, validated: bool = True) -> None:
        self.current_epoch += 1
        self.callback_metrics["val/accuracy"] = torch.tensor(value)
        if validated:
            callback.on_validation_end(self, None)
        callback.on_train_epoch_end(self, None)


@pytest.fixture
def begin(write_run, tmp_path):
    """The callback of a run with these overrides in the study's folder."""

    def start(*words: str) -> tuple[Pruning, OneRank]:
        folder = tmp_path / "job"
        if not folder.exists():
            write_run(folder, overrides=list(words), status="running")
        callback, trainer = Pruning(folder=str(folder)), OneRank()
        callback.on_fit_start(trainer, None)
        return callback, trainer

    return start


def reported(folder: Path) -> dict[int, float]:
    return load_search(folder).trials[1].intermediate_values


def test_stops_what_is_behind(journal, begin, tmp_path):
    journal("a=1", "b=2")
    callback, trainer = begin("a=1", "b=2")
    with pytest.raises(Pruned, match=r"pruned after epoch 1: val/accuracy 0\.5 is behind"):
        trainer.epoch(callback, 0.5)
    assert reported(tmp_path) == {0: 0.5}


def test_lets_go_on_what_is_ahead(journal, begin, tmp_path):
    journal("a=1", mode="min")
    callback, trainer = begin("a=1")
    for value in (0.5, 0.25, 0.75):
        trainer.epoch(callback, value)
    assert reported(tmp_path) == {0: 0.5, 1: 0.25, 2: 0.75}


@pytest.mark.parametrize("name", sorted(path.stem for path in (CONF / "hydra" / "sweeper" / "pruner").glob("*.yaml")))
def test_every_pruner_can_be_asked(journal, begin, tmp_path, name):
    node = OmegaConf.load(CONF / "hydra" / "sweeper" / "pruner" / f"{name}.yaml")
    if name == "hyperband":
        node.max_resource = 9
    journal("a=1", pruner=OmegaConf.to_container(node), others=0.0)
    callback, trainer = begin("a=1")
    for epoch in range(9):
        trainer.epoch(callback, 0.5 + epoch)
    assert list(reported(tmp_path)) == list(range(9))


def test_a_resumed_run_reports_no_epoch_twice(journal, begin, tmp_path):
    journal("a=1", others=0.0)
    callback, trainer = begin("a=1")
    trainer.epoch(callback, 0.5)
    trainer.epoch(callback, 0.625)
    callback, trainer = begin("a=1")  # from the checkpoint of the first epoch
    trainer.current_epoch = 0
    trainer.epoch(callback, 0.75)
    trainer.epoch(callback, 0.875)
    assert reported(tmp_path) == {0: 0.5, 1: 0.625, 2: 0.875}


def test_an_epoch_without_validation_says_nothing(journal, begin, tmp_path):
    journal("a=1", others=0.0)
    callback, trainer = begin("a=1")
    trainer.epoch(callback, 0.5)
    trainer.epoch(callback, 0.5, validated=False)
    trainer.epoch(callback, 0.625)
    assert reported(tmp_path) == {0: 0.5, 2: 0.625}


@pytest.mark.parametrize("own", [("b=1",), ("a=1", "b=1"), ()])
def test_a_run_of_no_trial_is_left_alone(journal, begin, tmp_path, own):
    journal("a=1")
    callback, trainer = begin(*own)
    trainer.epoch(callback, 0.0)
    assert reported(tmp_path) == {}


def test_without_a_pruner_nothing_is_reported(journal, begin, tmp_path):
    journal("a=1", pruner=None)
    callback, trainer = begin("a=1")
    trainer.epoch(callback, 0.0)
    assert reported(tmp_path) == {}


def test_a_run_outside_of_a_search_never_imports_optuna(begin, monkeypatch):
    monkeypatch.setattr("dlexp.callbacks.pruning.load_search", None)
    callback, trainer = begin("a=1")
    trainer.epoch(callback, 0.0)


def test_other_ranks_follow_the_first(journal, begin, tmp_path):
    journal("a=1")
    callback, trainer = begin("a=1")
    trainer.is_global_zero = False
    trainer.strategy = SimpleNamespace(broadcast=lambda verdict: True)
    with pytest.raises(Pruned):
        trainer.epoch(callback, 3.0)
    assert reported(tmp_path) == {}


def test_a_training_is_stopped_and_recorded(journal, launch, small, tmp_path):
    words = (*small, "trainer.max_epochs=3")
    journal(*words)
    end = launch(*words, folder=tmp_path / "job")
    assert (end.code, end.err) == (0, "")
    assert end.result["status"] == "pruned"
    assert end.result["error"].startswith("pruned after epoch 1: val/accuracy")
    assert list(reported(tmp_path)) == [0]
    assert load_search(tmp_path).trials[1].state == TrialState.RUNNING  # until the search tells it


def report_many(folder: Path, number: int) -> None:
    study = load_search(folder)
    trial = optuna.trial.Trial(study, study.trials[number]._trial_id)
    for epoch in range(50):
        trial.report(number + epoch / 100, epoch)


def test_many_processes_write_one_journal(tmp_path):
    need_optuna()
    study = optuna.create_study(study_name=NAME, storage=storage(tmp_path))
    for _ in range(4):
        study.ask()
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=report_many, args=(tmp_path, number)) for number in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    for trial in load_search(tmp_path).trials:
        assert trial.intermediate_values == {epoch: trial.number + epoch / 100 for epoch in range(50)}
