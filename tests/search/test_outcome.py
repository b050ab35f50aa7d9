"""What the comparison of a study says of a search."""

import math
import sys

import pytest

from dlexp.comparison.search import importances, search_figures, search_sentences

LR = "lr=tag(log,interval(1e-4,1))"


@pytest.fixture
def answer(score):
    def good(job):
        lr = float(job["lr"])
        if lr > 0.3:
            return {"status": "failed"}
        if lr < 3e-4:
            return {"status": "pruned"}
        return score(0.98 - (math.log10(lr) + 2) ** 2 / 10, parameters=int(1e6 * lr))

    return good


def test_of_a_study_without_a_search(tmp_path):
    assert list(search_figures(tmp_path)) == []
    assert search_sentences(tmp_path) == []


def test_without_optuna(search, answer, tmp_path, monkeypatch):
    search(LR, answer=answer, n_trials=2)
    assert search_sentences(tmp_path)
    monkeypatch.setitem(sys.modules, "optuna", None)
    assert list(search_figures(tmp_path)) == []
    assert search_sentences(tmp_path) == []


def test_of_one_objective(search, answer, tmp_path):
    trials, _ = search(LR, "x=interval(0,1)", answer=answer, n_trials=40)
    names = [name for name, _ in search_figures(tmp_path)]
    assert names == ["search_history", "search_importances_val_accuracy"]
    best, luck, counts = search_sentences(tmp_path)
    number, params = trials.study.best_trial.number + 1, trials.study.best_trial.params
    assert best.startswith(f"The best is trial {number} with validation accuracy 9")
    assert best.endswith(f"lr={params['lr']}, x={params['x']}.")
    assert "luck" in luck
    failed = sum(trial.state.name == "FAIL" for trial in trials.made)
    assert counts.startswith("40 trials: ")
    assert f"{failed} failed" in counts


def test_what_matters_is_what_the_metric_depends_on(search, answer, tmp_path):
    trials, _ = search(LR, "x=interval(0,1)", answer=answer, n_trials=40, sampler="random")
    shares = importances(trials.study, 0)
    assert shares["lr"] > 3 * shares["x"]
    assert sum(shares.values()) == pytest.approx(1)


def test_too_few_trials_decide_nothing(search, answer, tmp_path):
    search(LR, "x=interval(0,1)", answer=answer, n_trials=4)
    assert [name for name, _ in search_figures(tmp_path)] == ["search_history"]


def test_of_several_objectives(search, answer, tmp_path):
    goals = [("val/accuracy", "max"), ("parameters", "min")]
    search(LR, "x=interval(0,1)", answer=answer, n_trials=40, objectives=goals, sampler="random")
    names = [name for name, _ in search_figures(tmp_path)]
    assert names[-1] == "search_front_parameters"
    assert names[:-1] == ["search_importances_val_accuracy", "search_importances_parameters"]
    front, _ = search_sentences(tmp_path)
    assert "on the Pareto front" in front


def test_where_nothing_has_finished(search, tmp_path):
    search(LR, answer=lambda job: {"status": "failed"}, n_trials=2)
    assert list(search_figures(tmp_path)) == []
    assert search_sentences(tmp_path) == ["2 trials: 2 failed."]


@pytest.mark.parametrize("mode", ["min", "max"])
def test_the_line_of_the_best(mode):
    import pandas as pd

    from dlexp.reporting.search_plots import search_history

    trials = pd.DataFrame(
        [
            (1, "finished", 3.0),
            (2, "pruned", 9.0),
            (3, "finished", 1.0),
            (4, "failed", math.nan),
            (5, "finished", 2.0),
            (6, "failed", math.nan),
        ],
        columns=["number", "state", "value"],
    )
    (axes,) = search_history(trials, name="val/loss", mode=mode).axes
    best, *_ = axes.lines
    assert list(best.get_xdata()) == [1, 3, 5, 6]
    assert list(best.get_ydata()) == ([3.0, 1.0, 1.0, 1.0] if mode == "min" else [3.0, 3.0, 3.0, 3.0])
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["finished", "pruned", "failed"]
