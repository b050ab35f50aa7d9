"""Every file of conf/optimizer and conf/scheduler: keys, header, that it learns and can be saved."""

import inspect
import io
from pathlib import Path
from typing import Any

import pytest
import torch
from hydra.utils import get_object, instantiate
from omegaconf import DictConfig, OmegaConf
from torch import Tensor, nn

from dlexp.optim.decay import parameter_groups

CONF = Path(__file__).parents[2] / "conf"
BY_HAND = "_scratch"  # rules that take no parameters: tests/optim/test_scratch_rules.py
OPTIMIZERS = sorted(path.stem for path in (CONF / "optimizer").glob("*.yaml") if not path.stem.endswith(BY_HAND))
SCHEDULERS = sorted(path.stem for path in (CONF / "scheduler").glob("*.yaml"))
FILES = [("optimizer", name) for name in OPTIMIZERS] + [("scheduler", name) for name in SCHEDULERS]
STEPS = 60


def load(group: str, name: str) -> DictConfig:
    """The file as a task sees it: a node that another node refers to."""
    root = OmegaConf.create({group: OmegaConf.load(CONF / group / f"{name}.yaml"), "task": {group: f"${{{group}}}"}})
    return root.task


def train(optimizer_name: str, scheduler_name: str) -> tuple[list[float], dict[str, Any]]:
    """Fit a small net to a smooth function; the loss at every step, and the states at the end."""
    torch.manual_seed(0)
    x = torch.randn(64, 3)
    y = (x @ torch.randn(3, 2)).sin()  # (64, 2)
    model = nn.Sequential(nn.Linear(3, 16), nn.LayerNorm(16), nn.Tanh(), nn.Linear(16, 2))
    optimizer = instantiate(load("optimizer", optimizer_name)).optimizer(parameter_groups(model))
    scheduler = instantiate(load("scheduler", scheduler_name)).scheduler(optimizer, total_steps=STEPS)
    losses = []
    for _ in range(STEPS):
        loss = (model(x) - y).square().mean()
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        scheduler.step()
    return losses, {"optimizer": optimizer.state_dict(), "scheduler": scheduler.state_dict()}


@pytest.mark.parametrize(("group", "name"), FILES)
def test_arguments_are_plain_types(group: str, name: str) -> None:
    # torch.load(weights_only=True) refuses a checkpoint whose optimizer state holds one of OmegaConf's lists.
    arguments = instantiate(load(group, name))[group].keywords.values()
    assert all(value is None or type(value) in (bool, int, float, str, list) for value in arguments)


def same(a: Any, b: Any) -> bool:
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    return torch.equal(a, b) if isinstance(a, Tensor) else a == b


@pytest.mark.parametrize(
    ("optimizer", "scheduler"),
    [(name, "constant") for name in OPTIMIZERS] + [("momentum", name) for name in SCHEDULERS],
)
def test_it_learns_and_its_state_loads_with_weights_only(optimizer: str, scheduler: str) -> None:
    losses, states = train(optimizer, scheduler)
    assert losses[-1] < 0.8 * losses[0]
    file = io.BytesIO()
    torch.save(states, file)
    file.seek(0)
    assert same(torch.load(file, weights_only=True), states)


@pytest.mark.parametrize(("group", "name"), FILES)
def test_keys_are_arguments(group: str, name: str) -> None:
    config = OmegaConf.load(CONF / group / f"{name}.yaml")
    assert config._partial_ is True
    keys = {key for key in config if key not in {"_target_", "_partial_", "_convert_"}}
    arguments = dict(inspect.signature(get_object(config._target_)).parameters)
    for given_in_code in ("params", "optimizer", "total_steps"):
        arguments.pop(given_in_code, None)
    assert keys <= arguments.keys()
    if config._target_.startswith("dlexp."):
        assert keys == arguments.keys()
        assert all(argument.default is argument.empty for argument in arguments.values())


@pytest.mark.parametrize(("group", "name"), FILES)
def test_the_header_says_what_it_is_and_the_command(group: str, name: str) -> None:
    header = (CONF / group / f"{name}.yaml").read_text().split("_target_")[0]
    assert all(line.startswith("#") for line in header.splitlines())
    assert f"python -m dlexp {group}={name}" in header
