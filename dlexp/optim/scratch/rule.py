"""What an update rule is: a point and its gradient give the next point."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

from torch import Tensor, nn

from dlexp.errors import InputError


class Rule(ABC):
    """An optimizer as a formula. It holds hyperparameters only: what it remembers of a walk is the walk's `state`.

    Names and meaning of the hyperparameters are those of torch.optim. Each may also be a tensor that broadcasts
    against x, so that a batch of points walks at once, each with its own learning rate.

        state = rule.state(x)
        for _ in range(steps):
            x = rule.step(x, gradient(x), state)
    """

    def __init__(self, *, lr: float | Tensor, weight_decay: float) -> None:
        self.lr = check_positive("lr", lr)
        self.weight_decay = check_positive("weight_decay", weight_decay)

    @abstractmethod
    def state(self, x: Tensor) -> dict[str, Tensor | int]:
        """What the rule remembers of a walk from `x` before its first step."""

    @abstractmethod
    def step(self, x: Tensor, gradient: Tensor, state: dict[str, Tensor | int]) -> Tensor:
        """The next point, as a new tensor of x's shape. Brings `state` up to date in place."""

    def update(
        self, weights: nn.Module, gradients: Mapping[str, Tensor], states: dict[str, dict[str, Tensor | int]]
    ) -> None:
        """A step of each parameter of a model, in place. `gradients` and `states` are by its name; `states` fills."""
        for name, weight in weights.named_parameters():
            if name not in states:
                states[name] = self.state(weight)
            weight.copy_(self.step(weight, gradients[name], states[name]))


def check_rule(optimizer: object) -> Rule:
    """InputError unless it is a rule, not an optimizer of torch's."""
    if not isinstance(optimizer, Rule):
        raise InputError("this task makes its steps by hand: choose an optimizer=… whose name ends in _scratch")
    return optimizer


def check_positive(name: str, value: float | Tensor) -> float | Tensor:
    """InputError unless `value` is a number from 0 up (of a tensor, every one)."""
    if not (value >= 0).all() if isinstance(value, Tensor) else not value >= 0:
        raise InputError(f"optimizer.{name}={value} does not work: give a number from 0 up")
    return value


def check_betas(betas: Sequence[float]) -> list[float]:
    """InputError unless they are two, each at least 0 and below 1."""
    if len(betas) != 2:
        raise InputError(f"betas={list(betas)} does not work: give two numbers")
    return [check_fraction("betas", beta) for beta in betas]


def check_fraction(name: str, value: float) -> float:
    """InputError unless `value` is at least 0 and below 1."""
    if not 0 <= value < 1:
        raise InputError(f"optimizer.{name}={value} does not work: give a number from 0 up and below 1")
    return value
