"""Jobs whose data differ in how hard they are: ranked apart, drawn together."""

from dataclasses import replace

import pytest

from dlexp.comparison.comparison import ranked, scaled
from dlexp.comparison.figures import over_problems
from dlexp.reporting.run_folder import Result, Run


def jobs(tmp_path, *, lengths=(5, 50, 200), models=("lstm", "elman"), said=True):
    """A job for each model, length and seed; elman solves the shortest alone."""
    found = []
    for length in lengths:
        for model in models:
            for seed in (0, 1):
                solved = {"val/steps_to_solve": 100 + length} if model == "lstm" or length == min(lengths) else {}
                result = Result(
                    status="finished",
                    task="adding",
                    data="adding",
                    model=model,
                    choices={"model": model},
                    overrides=[f"model={model}", f"data.length={length}", f"seed={seed}"],
                    problem={"data.length": length} if said else {},
                    metrics={"val/mse": length * (1 + (model == "elman")) + seed, **solved},
                    measures=list(solved),
                    monitor="val/mse",
                    mode="min",
                    seed=seed,
                )
                found.append(Run(tmp_path / str(len(found)), result))
    return found


def test_each_problem_has_a_ranking_of_its_own_in_the_order_of_numbers(tmp_path):
    found = ranked(jobs(tmp_path))
    assert [ranking.title for ranking in found] == ["adding, length 5", "adding, length 50", "adding, length 200"]
    for ranking in found:
        assert [alternative.name for alternative in ranking.alternatives] == ["lstm", "elman"]
    assert scaled(jobs(tmp_path))[0].ranking.title == "adding"


def test_what_becomes_of_them_as_the_problem_grows(tmp_path):
    (scale,) = scaled(jobs(tmp_path))
    steps, error = over_problems(scale)
    assert (steps.name, error.name) == ("val/steps_to_solve_over_data.length", "val/mse_over_data.length")
    (axes,) = steps.figure.axes
    solved, lost, never = axes.lines
    assert list(solved.get_ydata()) == [105, 150, 300]
    assert list(lost.get_ydata()) == [105]
    assert list(never.get_xdata()) == [50, 200]
    assert never.get_marker() == "^"
    assert 300 < min(never.get_ydata()) < axes.get_ylim()[1]
    assert "4 of 12 jobs never got there" in steps.caption
    assert len(error.figure.axes[0].lines) == 2


@pytest.mark.parametrize("changes", [{"lengths": (50,)}, {"said": False}])
def test_one_problem_is_one_ranking(tmp_path, changes):
    found = ranked(jobs(tmp_path, **changes))
    assert [ranking.title for ranking in found] == ["adding"]
    assert scaled(jobs(tmp_path, **changes)) == []


def test_two_problems_have_two_rankings_and_no_scale(tmp_path):
    runs = jobs(tmp_path, lengths=(5, 50))
    assert len(ranked(runs)) == 2
    assert scaled(runs) == []


def test_nothing_is_drawn_along_a_problem_that_nobody_judges(tmp_path):
    runs = [Run(run.folder, replace(run.result, monitor=None)) for run in jobs(tmp_path)]
    assert scaled(runs) == []
    assert len(ranked(runs)) == 3
