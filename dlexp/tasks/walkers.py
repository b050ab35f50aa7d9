"""Points that walk on a surface, a batch of them for each optimizer: by hand, or by autograd and torch.optim."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from dlexp.optim.scratch.rule import Rule


class Walkers(ABC):
    """N points for each of O optimizers: `points` (O, N, 1, 2), each a matrix of one row, as Muon wants it.

    The hyperparameters of optimizer o are those of the rule o, where a tensor (N, 1, 1) has one value for each point.
    """

    points: Tensor

    @abstractmethod
    def step(self) -> None:
        """Every point makes a step."""

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """What a checkpoint keeps."""

    @abstractmethod
    def load(self, state: dict[str, Any]) -> None:
        """Go on from what `state` has returned."""


class ByHand(Walkers):
    """The surface's own gradient, and update rules of `dlexp.optim.scratch`."""

    def __init__(self, *, surface: nn.Module, rules: Sequence[Rule], points: Tensor) -> None:
        self.surface, self.rules, self.points = surface, rules, points
        self.memories = [rule.state(x) for rule, x in zip(rules, points, strict=True)]

    def step(self) -> None:
        gradients = self.surface.gradient(self.points)  # (O, N, 1, 2)
        moves = zip(self.rules, self.points, gradients, self.memories, strict=True)
        self.points = torch.stack([rule.step(x, g, memory) for rule, x, g, memory in moves])

    def state(self) -> dict[str, Any]:
        return {"points": self.points, "memories": self.memories}

    def load(self, state: dict[str, Any]) -> None:
        self.points, self.memories = state["points"], state["memories"]


class ByTorch(Walkers):
    """Autograd, and for each point a parameter group of its optimizer from torch.optim."""

    def __init__(
        self, *, surface: nn.Module, rules: Sequence[Rule], makers: Sequence[Callable[..., Optimizer]], points: Tensor
    ) -> None:
        self.surface = surface
        with torch.inference_mode(False):  # a test is in that mode, where nothing can be learned
            self.weights = [[nn.Parameter(x.clone()) for x in row] for row in points]  # O lists of N, each (1, 2)
            self.optimizers = [
                make([{"params": [x], **of_one(rule, n)} for n, x in enumerate(row)], **of_one(rule, -1))
                for make, rule, row in zip(makers, rules, self.weights, strict=True)
            ]

    @property
    def points(self) -> Tensor:
        return torch.stack([torch.stack(row) for row in self.weights])

    def step(self) -> None:
        with torch.inference_mode(False), torch.enable_grad():
            for optimizer in self.optimizers:
                optimizer.zero_grad()
            self.surface(self.points).sum().backward()  # no point's value depends on another point
            for optimizer in self.optimizers:
                optimizer.step()

    def state(self) -> dict[str, Any]:
        return {"points": self.points.detach(), "optimizers": [optimizer.state_dict() for optimizer in self.optimizers]}

    @torch.no_grad()
    def load(self, state: dict[str, Any]) -> None:
        for row, points in zip(self.weights, state["points"], strict=True):
            for weight, point in zip(row, points, strict=True):
                weight.copy_(point)
        for optimizer, its in zip(self.optimizers, state["optimizers"], strict=True):
            optimizer.load_state_dict(its)


def of_one(rule: Rule, n: int) -> dict[str, Any]:
    """The hyperparameters of point `n`, by the names that torch.optim has for them as well."""

    def pick(value: Any) -> Any:
        if isinstance(value, Tensor):
            return value.flatten()[n].item()
        return tuple(map(pick, value)) if isinstance(value, Sequence) else value

    return {name: pick(value) for name, value in vars(rule).items()}
