"""Which jobs are replicates, and what alternatives are called."""

import pytest

from dlexp.comparison.alternatives import axes, name, replicates, settings
from dlexp.reporting.run_folder import Result, Run


def run(*overrides, seed=0, folder="job", **result):
    """A run whose command line said `overrides`; a bare `model=…` is a choice of a group as well."""
    typed = dict(word.lstrip("+").split("=", 1) for word in overrides)
    choices = {"model": "lenet", "optimizer": "adamw"} | {k: v for k, v in typed.items() if k in ("model", "optimizer")}
    fields = {
        "model": choices["model"],
        "choices": choices,
        "overrides": list(overrides),
        "seed": seed,
    } | result
    return Run(folder=folder, result=Result(status="finished", **fields))


@pytest.mark.parametrize(
    ("commands", "expected_axes", "names"),
    [
        ([["model=a", "seed=0"], ["model=b", "seed=1"]], ["model"], ["a", "b"]),
        ([["model=a", "optimizer.lr=1"], ["model=a", "optimizer.lr=2"]], ["optimizer.lr"], ["lr=1", "lr=2"]),
        (
            [["model=a", "optimizer.lr=1"], ["model=b", "optimizer.lr=2"]],
            ["model", "optimizer.lr"],
            ["a, lr=1", "b, lr=2"],
        ),
        ([["model=vgg", "+model.depth=16"], ["model=b"]], ["model", "model.depth"], ["vgg, depth=16", "b"]),
        (
            [["a.lr=1", "b.lr=1"], ["a.lr=2", "b.lr=3"]],
            ["a.lr", "b.lr"],
            ["a.lr=1, b.lr=1", "a.lr=2, b.lr=3"],
        ),
        ([["model=resnet"], []], ["model"], ["resnet", "lenet"]),
        ([["data=a", "study=x"], ["data=b", "study=y"]], [], ["lenet", "lenet"]),
        ([["hydra.job.num=1"], ["hydra.job.num=2"]], [], ["lenet", "lenet"]),
    ],
)
def test_only_what_varies_names_an_alternative(commands, expected_axes, names):
    runs = [run(*words) for words in commands]
    assert axes(runs) == expected_axes
    assert [name(one, expected_axes) for one in runs] == names


def test_equal_numbers_are_one_value():
    runs = [run("lr=1e-3", seed=0), run("lr=0.001", seed=1), run("lr=1e-2", seed=0), run("lr=0.010", seed=1)]
    assert axes(runs) == ["lr"]
    assert {a.name: len(a.runs) for a in replicates(runs, ["lr"])} == {"lr=0.001": 2, "lr=0.01": 2}
    assert axes(runs[:2]) == []


def test_long_numbers_are_rounded_unless_that_confuses():
    drawn, near, far = "0.00123456789", "0.00123456788", "0.5"
    names = [a.name for a in replicates([run(f"lr={drawn}"), run(f"lr={far}")], ["lr"])]
    assert names == ["lr=0.001235", "lr=0.5"]
    names = [a.name for a in replicates([run(f"lr={drawn}"), run(f"lr={near}"), run(f"lr={far}")], ["lr"])]
    assert names == [f"lr={drawn}", f"lr={near}", "lr=0.5"]


def test_settings():
    assert settings(run("model=a", "++x.y='b=c'", seed=1)) == {
        "model": "a",
        "optimizer": "adamw",
        "x.y": "'b=c'",
    }


def test_seeds_are_replicates_and_a_repeated_seed_is_not():
    runs = [
        run("model=a", seed=0, started="2026-01-02", parameters=2),
        run("model=a", seed=0, started="2026-01-01", parameters=1),
        run("model=a", seed=1, started="2026-01-01", parameters=4, metrics={"val/accuracy": 0.5}),
        run("model=b", seed=0, started="2026-01-01"),
    ]
    a, b = sorted(replicates(runs, ["model"]), key=lambda alternative: alternative.name)
    assert [(one.name, len(one.runs)) for one in (a, b)] == [("a", 2), ("b", 1)]
    assert a.cost("parameters") == 3
    assert a.values("val/accuracy") == [0.5]
    assert a.values("val/loss") == []


def test_runs_without_a_seed_all_count():
    runs = [run("model=a", seed=None, folder=str(i)) for i in range(3)]
    assert len(replicates(runs, ["model"])[0].runs) == 3
