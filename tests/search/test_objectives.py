"""What may be searched for."""

import pytest
from omegaconf import OmegaConf

from dlexp.errors import InputError
from dlexp.reporting.run_folder import Result
from dlexp.studies.search.objectives import Objective, read_objectives

TASK = OmegaConf.create({"monitor": "val/accuracy", "mode": "max"})


def test_what_the_task_monitors():
    assert read_objectives(None, TASK) == [Objective("val/accuracy", "max")]


def test_several_in_their_order():
    chosen = OmegaConf.create({"val/loss": "min", "parameters": "min"})
    assert read_objectives(chosen, TASK) == [Objective("val/loss", "min"), Objective("parameters", "min")]


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({}, "empty"),
        ({"val/loss": "minimum"}, "wants min or max"),
        ({"paramters": "min"}, "did you mean 'parameters'"),
        ({"test/accuracy": "max"}, "test split"),
    ],
)
def test_no_objective(chosen, said):
    with pytest.raises(InputError, match=said):
        read_objectives(chosen, TASK)


def test_a_task_that_monitors_nothing():
    with pytest.raises(InputError, match=r"hydra\.sweeper\.objectives="):
        read_objectives(None, OmegaConf.create({}))


def test_a_task_may_monitor_its_test_stage():
    task = OmegaConf.create({"monitor": "test/error", "mode": "min"})
    assert read_objectives({"test/error": "min"}, task) == [Objective("test/error", "min")]


def test_metrics_and_costs_of_a_result():
    result = Result(metrics={"val/loss": 0.5}, parameters=7)
    assert Objective("val/loss", "min").value(result) == 0.5
    assert Objective("parameters", "min").value(result) == 7.0
    with pytest.raises(InputError, match="did you mean 'val/loss'"):
        Objective("val/los", "min").value(result)
