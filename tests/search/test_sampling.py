"""Every sampler of conf/: it repeats itself, tells seeds apart, and is told what was run."""

import inspect
from pathlib import Path

import optuna
import pytest
from hydra.utils import get_object, instantiate
from omegaconf import OmegaConf
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from dlexp.reporting.search_journal import need_optuna
from dlexp.studies.search.sampling import Repeatable, short

SWEEPER = Path(__file__).parents[2] / "conf" / "hydra" / "sweeper"
SAMPLERS = sorted(path.stem for path in (SWEEPER / "sampler").glob("*.yaml"))
PRUNERS = sorted(path.stem for path in (SWEEPER / "pruner").glob("*.yaml"))
SPACE = {
    "lr": FloatDistribution(1e-4, 1e-1, log=True),
    "width": IntDistribution(2, 64),
    "model": CategoricalDistribution(("a", "b", "c")),
}


@pytest.fixture(autouse=True)
def _quiet():
    need_optuna()


def draws(name: str, seed: int, stops: tuple[int, ...] = (), n: int = 14) -> list[dict]:
    """The values of n trials; at `stops` the process is another one."""
    store = optuna.storages.InMemoryStorage()
    make = instantiate(OmegaConf.load(SWEEPER / "sampler" / f"{name}.yaml"), _convert_="all")
    study = optuna.create_study(storage=store, study_name="s", sampler=Repeatable(make, seed))
    for number in range(n):
        if number in stops:
            study = optuna.load_study(storage=store, study_name="s", sampler=Repeatable(make, seed))
        trial = study.ask(SPACE)
        study.tell(trial, trial.params["lr"] + trial.params["width"] / 100)
    return [trial.params for trial in study.trials]


@pytest.mark.parametrize("name", SAMPLERS)
def test_goes_on_as_if_it_had_not_been_stopped(name):
    drawn = draws(name, seed=3)
    assert drawn == draws(name, seed=3, stops=(1, 5, 12))
    assert len({tuple(params.values()) for params in drawn}) > 10
    assert {params["model"] for params in drawn} == {"a", "b", "c"}
    assert drawn != draws(name, seed=4)


@pytest.mark.parametrize("name", SAMPLERS)
def test_numbers_have_six_digits_and_stay_inside(name):
    for params in draws(name, seed=0):
        assert params["lr"] == float(f"{params['lr']:.6g}")
        assert 1e-4 <= params["lr"] <= 1e-1


def test_rounding_never_leaves_the_interval():
    assert short(0.123456789, FloatDistribution(0, 1)) == 0.123457
    assert short(0.12345671, FloatDistribution(0, 0.12345678)) == 0.12345678
    assert short(0.12345642, FloatDistribution(0.12345641, 1)) == 0.12345641
    assert short(0.30000000000000004, FloatDistribution(0, 0.9, step=0.1)) == 0.3
    assert short(1234567, IntDistribution(0, 9999999)) == 1234567


@pytest.mark.parametrize("file", [f"sampler/{name}" for name in SAMPLERS] + [f"pruner/{name}" for name in PRUNERS])
def test_keys_are_in_the_signature(file):
    node = OmegaConf.to_container(OmegaConf.load(SWEEPER / f"{file}.yaml"), resolve=False)
    keys = {key for key in node if not key.startswith("_")}
    parameters = inspect.signature(get_object(node["_target_"])).parameters
    assert keys <= parameters.keys()
    assert "seed" not in keys
    assert node.get("_partial_", False) == file.startswith("sampler")
