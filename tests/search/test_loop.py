"""Ask and tell around a launcher that makes results up: what is asked, what is told, what survives a kill."""

import math
import os
import signal
import subprocess
import sys
import textwrap

import pytest
from optuna.trial import TrialState

from dlexp.errors import InputError

LR = "lr=tag(log,interval(1e-4,1))"


@pytest.fixture
def peak(score):
    """The best learning rate is 0.01."""
    return lambda job: score(1 - (math.log10(float(job["lr"])) + 2) ** 2 / 10)


def states(trials) -> list[TrialState]:
    return [trial.state for trial in trials.made]


def test_finds_the_best(search, peak):
    trials, launcher = search(LR, "model=x", answer=peak, n_trials=30)
    assert len(launcher.batches) == len(launcher.jobs) == 30
    assert trials.study.best_value > 0.999
    assert 0.008 < trials.study.best_params["lr"] < 0.0125
    told = {trial.params["lr"]: trial.value for trial in trials.made}
    for job in launcher.jobs:  # exactly what was run, and exactly what it gave
        assert told[float(job["lr"])] == peak(job)["metrics"]["val/accuracy"]
        assert job["model"] == "x"


def test_minimizes_where_less_is_better(search):
    def loss(job):
        return {"metrics": {"val/loss": float(job["x"]) ** 2}}

    trials, _ = search("x=interval(-1,1)", answer=loss, n_trials=20, objectives=[("val/loss", "min")])
    assert trials.study.best_value < 0.01


def test_failed_trials_are_told_as_failed(search, peak):
    def answer(job):
        return {"status": "failed", "error": "the loss became nan"} if float(job["lr"]) > 0.05 else peak(job)

    trials, launcher = search(LR, answer=answer, n_trials=12)
    assert len(launcher.jobs) == 12
    for trial in trials.made:
        failed = trial.params["lr"] > 0.05
        assert trial.state == (TrialState.FAIL if failed else TrialState.COMPLETE)
    assert set(states(trials)) == {TrialState.FAIL, TrialState.COMPLETE}


def test_a_metric_that_is_no_number_is_a_failure(search, score):
    trials, _ = search(LR, answer=lambda job: score(math.nan), n_trials=2)
    assert states(trials) == [TrialState.FAIL] * 2


def test_a_metric_that_nobody_logs_stops_the_search(search, score):
    with pytest.raises(InputError, match="did you mean 'val/accuracy'"):
        search(LR, answer=lambda job: score(0.5), n_trials=5, objectives=[("val/acuracy", "max")])
    trials, _ = search(LR, answer=lambda job: score(0.5), n_trials=3)  # the corrected command begins anew
    assert states(trials) == [TrialState.COMPLETE] * 3


def test_parallel_trials_come_in_batches(search, peak):
    trials, launcher = search(LR, answer=peak, n_trials=7, n_jobs=3)
    assert [len(batch) for batch in launcher.batches] == [3, 3, 1]
    assert len({job["lr"] for job in launcher.jobs}) == 7
    assert states(trials) == [TrialState.COMPLETE] * 7


def test_seeds_are_runs_of_one_trial(search, score):
    trials, launcher = search(
        LR, "seed=0,1,2", answer=lambda job: score(0.5 + int(job["seed"]) / 10), n_trials=4, n_jobs=2
    )
    assert [len(batch) for batch in launcher.batches] == [6, 6]
    assert [trial.value for trial in trials.made] == pytest.approx([0.6] * 4)
    assert all("seed" not in trial.params for trial in trials.made)


def test_a_trial_without_one_of_its_seeds_has_failed(search, score):
    def answer(job):
        return {"status": "failed"} if job["seed"] == "1" else score(0.5)

    trials, _ = search(LR, "seed=0,1", answer=answer, n_trials=2)
    assert states(trials) == [TrialState.FAIL] * 2


def test_the_same_values_are_not_run_twice(search, score, capsys):
    def answer(job):
        return score({"a": 0.1, "b": 0.2}[job["x"]])

    trials, launcher = search("x=a,b", answer=answer, n_trials=10, n_jobs=2)
    assert len(launcher.jobs) <= 3  # a first batch may draw the same value twice: then it is one job
    assert len({job["x"] for job in launcher.jobs}) == len(launcher.jobs)
    assert [trial.value for trial in trials.made] == [
        answer({"x": t.params["x"]})["metrics"]["val/accuracy"] for t in trials.made
    ]
    assert "the same values as trial" in capsys.readouterr().out


def test_several_objectives(search, score):
    def answer(job):
        return score(math.tanh(int(job["width"]) / 20), parameters=int(job["width"]) ** 2)

    goals = [("val/accuracy", "max"), ("parameters", "min")]
    trials, _ = search("width=int(interval(1,64))", answer=answer, n_trials=15, objectives=goals, sampler="nsga2")
    for trial in trials.made:
        width = trial.params["width"]
        assert trial.values == [math.tanh(width / 20), float(width**2)]
    assert len(trials.study.best_trials) == 15  # here every width has its price


def test_pruned_trials_are_told_as_pruned(search, peak):
    def answer(job):
        return {"status": "pruned"} if float(job["lr"]) < 1e-3 else peak(job)

    trials, _ = search(LR, answer=answer, n_trials=8)
    assert all((trial.params["lr"] < 1e-3) == (trial.state == TrialState.PRUNED) for trial in trials.made)
    assert TrialState.PRUNED in states(trials)


class Killed(BaseException):
    """Ends the search as a signal would: nothing is told any more."""


def killed_at(count: int, answer):
    calls = []

    def dying(job):
        calls.append(job)
        if len(calls) == count:
            raise Killed
        return answer(job)

    return dying


@pytest.mark.parametrize("sampler", ["tpe", "cmaes", "gp"])
def test_goes_on_after_a_kill_as_if_there_had_been_none(search, peak, sampler, tmp_path):
    words = (LR, "x=interval(0,1)")
    with pytest.raises(Killed):
        search(*words, answer=killed_at(13, peak), n_trials=16, sampler=sampler)
    trials, launcher = search(*words, answer=peak, n_trials=16, sampler=sampler)
    assert len(launcher.jobs) == 4  # the one that was killed, with its values, and what was missing
    assert states(trials) == [TrialState.COMPLETE] * 16
    assert float(launcher.jobs[0]["lr"]) == trials.made[12].params["lr"]
    broken = [trial.params for trial in trials.made]

    (tmp_path / "search.journal").unlink()
    trials, _ = search(*words, answer=peak, n_trials=16, sampler=sampler)
    assert [trial.params for trial in trials.made] == broken


def test_goes_on_in_a_batch(search, peak):
    with pytest.raises(Killed):
        search(LR, answer=killed_at(5, peak), n_trials=9, n_jobs=3)
    trials, launcher = search(LR, answer=peak, n_trials=9, n_jobs=3)
    assert [len(batch) for batch in launcher.batches] == [3, 3]
    assert states(trials) == [TrialState.COMPLETE] * 9


def test_what_was_interrupted_is_run_again(search, peak):
    def stopped(job):
        return {"status": "interrupted"} if float(job["lr"]) > 0.05 else peak(job)

    trials, launcher = search(LR, answer=stopped, n_trials=8)
    left = [trial.params["lr"] for trial in trials.running]
    assert left
    assert len(launcher.jobs) == 8
    trials, launcher = search(LR, answer=peak, n_trials=8)
    assert [float(job["lr"]) for job in launcher.jobs] == left
    assert states(trials) == [TrialState.COMPLETE] * 8


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no such signal")
def test_survives_kill_9_of_its_process(search, peak, tmp_path):
    program = f"""
        import math, os, sys
        from pathlib import Path
        from hydra.core.override_parser.overrides_parser import OverridesParser
        from hydra.utils import instantiate
        from omegaconf import OmegaConf
        sys.path.insert(0, {os.path.dirname(__file__)!r})
        from conftest import MadeUp, score, SWEEPER, Loop, Objective, Repeatable, Trials, read_space

        answers = 0
        def answer(job):
            global answers
            answers += 1
            if answers == 4:
                os.kill(os.getpid(), 9)
            return score(1 - (math.log10(float(job["lr"])) + 2) ** 2 / 10)

        folder = Path({str(tmp_path)!r})
        space = read_space({{}}, [{LR!r}], OverridesParser.create())
        make = instantiate(OmegaConf.load(SWEEPER / "sampler" / "tpe.yaml"), _convert_="all")
        facts = {{"fixed": [], "seeds": []}}
        trials = Trials(folder, space, [Objective("val/accuracy", "max")], Repeatable(make, 0), facts)
        trials.prune_by(None)
        Loop(trials, MadeUp(folder, answer), n_trials=6, n_jobs=1).run()
    """
    end = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True)
    assert end.returncode == -signal.SIGKILL, end.stderr
    trials, launcher = search(LR, answer=peak, n_trials=6)
    assert len(launcher.jobs) == 3
    assert states(trials) == [TrialState.COMPLETE] * 6


def test_more_trials_and_no_more(search, peak):
    search(LR, answer=peak, n_trials=3)
    trials, launcher = search(LR, answer=peak, n_trials=5)
    assert (len(launcher.jobs), len(trials.made)) == (2, 5)
    for fewer in (5, 2):
        trials, launcher = search(LR, answer=peak, n_trials=fewer)
        assert (len(launcher.jobs), len(trials.made)) == (0, 5)


def test_an_interval_may_change_and_a_key_may_come_and_go(search, peak):
    search(LR, answer=peak, n_trials=3)
    search("lr=tag(log,interval(1e-3,1e-1))", "x=interval(0,1)", answer=peak, n_trials=6)
    trials, _ = search("lr=tag(log,interval(1e-5,1))", answer=peak, n_trials=9)
    assert all(1e-3 <= trial.params["lr"] <= 1e-1 for trial in trials.made[3:6])


@pytest.mark.parametrize(
    ("words", "options"),
    [
        ((LR, "m=a,b,c", "k=1"), {}),
        (("lr=interval(1e-4,1)", "m=a,b", "k=1"), {}),
        ((LR, "m=a,b", "k=2"), {}),
        ((LR, "m=a,b"), {}),
        ((LR, "m=a,b", "k=1", "seed=0,1"), {}),
        ((LR, "m=a,b", "k=1"), {"objectives": [("val/accuracy", "min")]}),
        ((LR, "m=a,b", "k=1"), {"objectives": [("val/accuracy", "max"), ("parameters", "min")]}),
    ],
)
def test_another_search_needs_another_study(search, peak, words, options):
    search(LR, "m=a,b", "k=1", answer=peak, n_trials=2)
    with pytest.raises(InputError, match="study=") as error:
        search(*words, answer=peak, n_trials=3, **options)
    assert "\n" not in str(error.value)


def test_a_search_that_came_to_nothing_begins_anew(search, peak):
    search(LR, "k=1", answer=lambda job: {"status": "failed"}, n_trials=2)
    trials, launcher = search(LR, "k=2", answer=peak, n_trials=2, objectives=[("val/accuracy", "min")])
    assert len(launcher.jobs) == 2
    assert states(trials) == [TrialState.COMPLETE] * 2


def test_values_that_cannot_be_built(search, peak):
    def answer(job):
        if float(job["lr"]) > 0.05:
            raise InputError("too large")
        return peak(job)

    search("lr=tag(log,interval(1e-4,2e-3))", answer=answer, n_trials=1)
    trials, _ = search(LR, answer=answer, n_trials=12, n_jobs=3)
    assert len(trials.made) == 12
    for trial in trials.made:
        assert trial.state == (TrialState.FAIL if trial.params["lr"] > 0.05 else TrialState.COMPLETE)


def test_the_first_trial_that_cannot_be_built_is_an_error_of_the_command(search):
    def answer(job):
        raise InputError("no such network")

    with pytest.raises(InputError, match="no such network"):
        search(LR, answer=answer, n_trials=5)


def test_what_is_said(search, peak, capsys):
    search(LR, "m=a,b", answer=peak, n_trials=2)
    first, *told = capsys.readouterr().out.splitlines()
    assert first == "search for max val/accuracy: 2 trials"
    assert told[:2] == ["  lr: 0.0001 to 1, log", "  m: a, b"]
    assert told[2].startswith("trial 1 of 2: finished; the best so far: trial 1, ")
    assert len(told) == 4
