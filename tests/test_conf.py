"""Every file of conf/: it composes, it is sound, and its keys are the signature of what it names."""

import inspect
import re
import shlex
from collections.abc import Iterator
from functools import cache
from typing import Any
from unittest.mock import patch

import pytest
from headers import CONF, around
from hydra import compose, initialize_config_dir
from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.utils import get_object
from omegaconf import DictConfig, OmegaConf

from dlexp.composition.check import check
from dlexp.composition.folders import register_folders
from dlexp.schema import register

FILES = sorted(path.relative_to(CONF).with_suffix("").as_posix() for path in CONF.rglob("*.yaml"))
OPTIONS = [name for name in FILES if "/" in name]
INSTRUCTIONS = {"_target_", "_partial_", "_args_", "_recursive_", "_convert_"}
GIVEN_IN_CODE = {"params", "optimizer", "total_steps"}  # to what the config makes partial


@pytest.fixture(autouse=True, scope="module")
def root() -> Iterator[None]:
    register()
    register_folders()
    with initialize_config_dir(str(CONF), version_base="1.3"), patch.object(HydraConfig.instance(), "cfg", None):
        yield


@cache
def chosen(option: str) -> DictConfig:
    """The config with this file in it: `model/lenet`."""
    group, _, name = option.rpartition("/")
    several = group == "callbacks" and name != "default"
    words = ["hydra/sweeper=optuna"] if group.startswith("hydra/sweeper/") else around(option)
    return compose("config", [*words, f"{group}=[default,{name}]" if several else f"{group}={name}"])


def targets(node: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """(key, mapping) of everything that has a `_target_`, each once: references are not followed."""
    if isinstance(node, dict):
        if "_target_" in node:
            yield path, node
        for key, value in node.items():
            yield from targets(value, f"{path}.{key}")


@pytest.mark.parametrize("option", OPTIONS)
def test_composes_and_is_sound(option: str) -> None:
    check(chosen(option))


@pytest.mark.parametrize("option", OPTIONS)
def test_keys_are_the_signature(option: str) -> None:
    for key, node in targets(OmegaConf.to_container(chosen(option))):
        target = get_object(node["_target_"])
        parameters = inspect.signature(target).parameters
        keys, arguments = node.keys() - INSTRUCTIONS, set(parameters)
        if not node["_target_"].startswith("dlexp."):
            accepts_any = any(p.kind is p.VAR_KEYWORD for p in parameters.values())
            assert accepts_any or keys <= arguments, key
            continue
        assert keys == arguments - (GIVEN_IN_CODE if node.get("_partial_") else set()), key
        assert all(p.default is p.empty for p in parameters.values()), f"{key}: a default in code"
        own = [p for name, p in parameters.items() if name not in GIVEN_IN_CODE]
        assert all(p.kind is p.KEYWORD_ONLY for p in own), f"{key}: an argument without its keyword"
        assert all(p.annotation is not p.empty for p in parameters.values()), f"{key}: no type"


def test_an_argument_without_a_key_would_be_found() -> None:
    cfg = OmegaConf.create({"a": {"_target_": "x.Y", "b": {"_target_": "x.Z"}, "c": "${a.b}"}})
    assert [key for key, _ in targets(OmegaConf.to_container(cfg))] == [".a", ".a.b"]


@pytest.mark.parametrize("file", FILES)
def test_begins_with_what_it_is(file: str) -> None:
    lines = [line for line in (CONF / f"{file}.yaml").read_text().splitlines() if "@package" not in line]
    assert re.fullmatch(r"# \S.{5,}", lines[0])


def flat(node: Any, path: str = "") -> Iterator[str]:
    """The dotted keys of everything that is not a mapping."""
    for key, value in node.items():
        if isinstance(value, dict) and value:
            yield from flat(value, f"{path}{key}.")
        else:
            yield f"{path}{key}"


def fixed(file: str) -> tuple[set[str], set[str]]:
    """The keys that an experiment sets itself, and those that it sweeps over."""
    body = OmegaConf.to_container(OmegaConf.load(CONF / f"{file}.yaml"))
    sweeper = body.pop("hydra", {}).get("sweeper", {})
    body.pop("defaults", None)
    return set(flat(body)), set(sweeper.get("params") or {})


@pytest.mark.parametrize("file", [file for file in FILES if file.startswith("experiment/")])
def test_a_sweep_leaves_alone_what_the_experiment_fixes(file: str) -> None:
    """A task's sweep is inherited: over what an experiment has decided, it must be switched off by null."""
    keys, swept_here = fixed(file)
    text = (CONF / f"{file}.yaml").read_text()
    if not swept_here and not re.search(r"^# +python -m dlexp\b.* -m\b", text, re.MULTILINE):
        return  # it is one run
    name = file.rpartition("/")[2]
    params = compose("config", [f"experiment={name}"], return_hydra_config=True).hydra.sweeper.params or {}
    inherited = {key for key, value in params.items() if value is not None} - swept_here
    assert not inherited & keys, f"{name} fixes this and the sweep of its task goes over it"


def commands() -> Iterator[tuple[str, str]]:
    """The commands in the headers, as a person would copy them: what follows two spaces is said about them."""
    for file in FILES:
        for found in re.findall(r"^# +python -m dlexp\b(.*)", (CONF / f"{file}.yaml").read_text(), re.MULTILINE):
            yield file, re.split(r" {2,}", found)[0]


def searched(typed: list[str], parser: OverridesParser) -> list[list[str]]:
    """Jobs of a search that show every choice."""
    pytest.importorskip("optuna")
    from dlexp.studies.search.space import read_space

    of_hydra = [word for word in typed if word.startswith("hydra")]
    params = compose("config", of_hydra, return_hydra_config=True).hydra.sweeper.params
    space = read_space(params or {}, [word for word in typed if word not in of_hydra], parser)
    return [[*of_hydra, *job] for values in space.samples() for job in space.jobs(values)]


@pytest.mark.parametrize(("file", "words"), list(commands()))
def test_the_commands_of_the_headers_compose(file: str, words: str) -> None:
    typed = [word for word in shlex.split(words) if word not in ("-m", "--cfg", "job")]
    parser = OverridesParser.create(config_loader=GlobalHydra.instance().config_loader())
    if "hydra/sweeper=optuna" in typed:
        jobs = searched(typed, parser)
    else:
        (jobs,) = BasicSweeper.split_arguments(parser.parse_overrides(typed), None)
    assert len(jobs) == 1 or " -m" in words
    check(compose("config", list(jobs[-1])))
