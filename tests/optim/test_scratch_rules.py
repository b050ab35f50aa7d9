"""Update rules by hand, step by step against torch.optim, to the precision of the numbers."""

from pathlib import Path

import pytest
import torch
from hydra.utils import get_object, instantiate
from omegaconf import OmegaConf
from torch import Tensor

from dlexp.errors import InputError
from dlexp.optim.scratch.rule import Rule

CONF = Path(__file__).parents[2] / "conf" / "optimizer"
TWINS = {
    "sgd": torch.optim.SGD,
    "momentum": torch.optim.SGD,
    "nesterov": torch.optim.SGD,
    "adagrad": torch.optim.Adagrad,
    "adadelta": torch.optim.Adadelta,
    "rmsprop": torch.optim.RMSprop,
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "muon": torch.optim.Muon,
}
STEPS = 200


def rule(name: str, **changes: object) -> Rule:
    return instantiate(OmegaConf.load(CONF / f"{name}_scratch.yaml"), _convert_="all", **changes)


def twin(name: str, weight: Tensor, by_hand: Rule) -> torch.optim.Optimizer:
    """torch's optimizer with the same hyperparameters: they have the same names."""
    return TWINS[name]([weight], **vars(by_hand), **({"nesterov": True} if name == "nesterov" else {}))


@pytest.fixture
def exact_muon(monkeypatch):
    """torch.optim.Muon makes its update orthogonal in bfloat16; here it keeps the precision of the weights."""
    monkeypatch.setattr(torch.Tensor, "bfloat16", torch.Tensor.clone)


def test_every_rule_of_conf_has_a_twin():
    assert sorted(path.stem for path in CONF.glob("*_scratch.yaml")) == sorted(f"{name}_scratch" for name in TWINS)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("weight_decay", [None, 0.0, 0.3])
@pytest.mark.parametrize("name", TWINS)
def test_every_step_is_that_of_torch(name, weight_decay, dtype, exact_muon):
    torch.manual_seed(0)
    changes = {"lr": 0.05} | ({} if weight_decay is None else {"weight_decay": weight_decay})
    by_hand = rule(name, **changes)
    x = torch.randn(4, 3, dtype=dtype)
    weight = x.clone().requires_grad_()
    optimizer, state = twin(name, weight, by_hand), by_hand.state(x)
    matrix = torch.randn(4, 4, dtype=dtype)
    tolerance = {torch.float32: 2e-4, torch.float64: 1e-11}[dtype]
    for _ in range(STEPS):
        # both get the gradient at torch's point: differences of rounding do not feed on themselves
        weight.grad = (matrix.T @ matrix @ weight + torch.randn(4, 3, dtype=dtype)).detach()
        before = x.clone()
        after = by_hand.step(x, weight.grad, state)
        assert torch.equal(x, before)  # a step makes a new tensor
        optimizer.step()
        torch.testing.assert_close(after, weight.detach(), rtol=tolerance, atol=tolerance)
        x = after


@pytest.mark.parametrize("name", TWINS)
def test_defaults_are_those_of_torch(name):
    by_hand = rule(name)
    defaults = TWINS[name]([torch.zeros(2, 2, requires_grad=True)]).defaults
    own = vars(by_hand) | {"nesterov": name in ("nesterov", "muon")}
    differing = {"momentum"} if name in ("momentum", "nesterov") else {"nesterov"} if name != "muon" else set()
    for key in own.keys() - differing - {"nesterov"}:
        expected = defaults[key]
        assert own[key] == (list(expected) if isinstance(expected, tuple) else expected), key


def test_muon_agrees_with_torch_in_bfloat16():
    torch.manual_seed(0)
    by_hand = rule("muon", lr=0.01)
    x = torch.randn(6, 4)
    weight = x.clone().requires_grad_()
    optimizer, state = twin("muon", weight, by_hand), by_hand.state(x)
    for _ in range(50):
        weight.grad = torch.randn(6, 4)
        x = by_hand.step(x, weight.grad, state)
        optimizer.step()
    torch.testing.assert_close(x, weight.detach(), rtol=0.02, atol=0.02)


@pytest.mark.parametrize("nesterov", [True, False])
def test_muon_takes_a_vector_as_one_row(nesterov):
    by_hand = rule("muon", nesterov=nesterov)
    x, gradient = torch.randn(5), torch.randn(5)
    row, vector = (by_hand.step(v, g, by_hand.state(v)) for v, g in ((x[None], gradient[None]), (x, gradient)))
    torch.testing.assert_close(row[0], vector)


@pytest.mark.parametrize("name", TWINS)
def test_many_learning_rates_walk_at_once(name):
    torch.manual_seed(0)
    rates = [0.001, 0.01, 0.1, 1.0]
    start, matrix = torch.randn(1, 3, dtype=torch.float64), torch.rand(3, 3, dtype=torch.float64)

    def walk(by_hand: Rule, x: Tensor) -> Tensor:
        state = by_hand.state(x)
        for _ in range(20):
            x = by_hand.step(x, x @ (matrix @ matrix.T), state)
        return x

    together = walk(rule(name, lr=torch.tensor(rates, dtype=torch.float64)[:, None, None]), start.expand(4, 1, 3))
    alone = torch.stack([walk(rule(name, lr=rate), start) for rate in rates])
    torch.testing.assert_close(together, alone, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", TWINS)
def test_its_state_loads_with_weights_only(name, tmp_path):
    by_hand = rule(name)
    x = torch.randn(2, 3)
    state = by_hand.state(x)
    by_hand.step(x, torch.randn(2, 3), state)
    torch.save(state, tmp_path / "state.pt")
    loaded = torch.load(tmp_path / "state.pt", weights_only=True)
    gradient = torch.randn(2, 3)
    assert torch.equal(by_hand.step(x, gradient, loaded), by_hand.step(x, gradient, state))


@pytest.mark.parametrize("name", TWINS)
@pytest.mark.parametrize("lr", [-1.0, float("nan"), torch.tensor([0.1, -0.1])])
def test_a_bad_learning_rate_is_refused(name, lr):
    by_hand = vars(rule(name))
    with pytest.raises(InputError, match="lr"):
        get_object(OmegaConf.load(CONF / f"{name}_scratch.yaml")["_target_"])(**(by_hand | {"lr": lr}))


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("sgd", {"weight_decay": -0.1}),
        ("momentum", {"momentum": 1.0}),
        ("nesterov", {"momentum": -0.1}),
        ("adagrad", {"eps": -1.0}),
        ("adadelta", {"rho": 1.5}),
        ("rmsprop", {"alpha": 1.0}),
        ("adam", {"betas": [0.9, 1.0]}),
        ("adamw", {"betas": [-0.9, 0.9]}),
        ("muon", {"momentum": 2.0}),
    ],
)
def test_other_bad_values_are_refused(name, change):
    (key,) = change
    with pytest.raises(InputError, match=key):
        get_object(OmegaConf.load(CONF / f"{name}_scratch.yaml")["_target_"])(**(vars(rule(name)) | change))
