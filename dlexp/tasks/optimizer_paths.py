"""Optimizers on a test surface: a search walks with every learning rate at once, a test with the best of each."""

import copy
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from lightning.fabric.utilities import move_data_to_device
from lightning.pytorch import LightningModule
from torch import Tensor, nn
from torch.optim import Optimizer

from dlexp.errors import InputError
from dlexp.optim.scratch.rule import Rule
from dlexp.tasks.counted_step import count_step
from dlexp.tasks.steps import Steps
from dlexp.tasks.walkers import ByHand, ByTorch, Walkers

EXACT = 1e-12  # below this distance rounding decides who is nearer
IMPLEMENTATIONS = ("scratch", "torch")


class OptimizerPaths(LightningModule):
    """Every optimizer of `rules` walks `steps` steps on `model`, a surface of two numbers, from `model.start`.

    `fit` is the search: N walks of each optimizer at once, one for each of `rates` (`number` learning rates from
    `lowest` to `highest`, equally far apart in their logarithm) and, where `memory` is given, for each of its values of
    the hyperparameter that `remembered_by` names for the optimizer (of `betas`, the first). The walk that ends nearest
    to a global minimum wins, and of those that end within 1e-12 the one that came near first. Where a walk ends is the
    worst of its last `settle` steps: one that swings past a minimum has not arrived, and one that diverges, to
    infinity or NaN, ends infinitely far away.

    `test` makes the winning walks once more, and keeps them: `trail` (steps + 1, O, 2). For an optimizer adam it logs
    test/distance_adam and test/loss_adam, both at the walk's end, test/lr_adam, test/memory_adam where that was
    searched, and test/steps_adam, the number of steps after which the distance stays below `near`, where it ever does.
    Of an optimizer that diverges with every learning rate it logs nothing.
    """

    automatic_optimization = False  # of Lightning: the walkers make the steps
    example_input_array = None  # a surface costs nothing worth counting

    def __init__(
        self,
        *,
        model: nn.Module,
        rules: Mapping[str, Rule],
        implementation: str,
        torch_optimizers: Mapping[str, Callable[..., Optimizer]],
        steps: int,
        rates: Mapping[str, float],
        memory: Sequence[float] | None,
        remembered_by: Mapping[str, str],
        near: float,
        settle: int,
        monitor: str,
        mode: str,
    ) -> None:
        super().__init__()
        check_search(rules, implementation, torch_optimizers, steps, rates, memory)
        check_end(steps, near, settle)
        self.model = model
        self.rules = {name: rule for name, rule in rules.items() if rule}
        self.implementation = implementation
        self.torch_optimizers = torch_optimizers
        self.steps = steps
        self.near = near
        self.settle = settle
        self.monitor, self.mode = monitor, mode
        self.remembered_by = remembered_by if memory else {}
        ends = math.log10(rates["lowest"]), math.log10(rates["highest"])
        self.rates = torch.logspace(*ends, rates["number"], dtype=torch.float64)  # (R,)
        self.memory = torch.tensor(list(memory or [0]), dtype=torch.float64)  # (M,)
        kinds = ("distance", "loss", "lr", "steps", "memory")
        self.logged = {"train/loss", "train/distance", "test/loss", "test/distance"} | {
            f"test/{kind}_{name}" for kind in kinds for name in self.rules
        }
        self.walkers: Walkers | None = None
        self.made = 0  # steps, of the running walk
        self.seen: dict[str, Tensor] = {}  # (O, N): the last step that was `far`; `distance` and `loss` at the end
        self.search: dict[str, Any] = {}  # what the search found: `distance` (O, M, R), and `best` by optimizer
        self.trail = torch.empty(0)
        self.restored: dict[str, Any] = {}  # of a checkpoint within the search

    def forward(self, points: Tensor) -> Tensor:
        return self.model(points)

    # The search

    def train_dataloader(self) -> Steps:
        return self.batches(len(self.rules) * len(self.memory) * len(self.rates))

    def batches(self, walkers: int) -> Steps:
        return Steps(steps=self.steps, walkers=walkers, made=lambda: self.made)

    def on_fit_start(self) -> None:
        self.begin(*self.grid())
        if self.restored:
            walk = move_data_to_device(self.restored, self.device)
            self.made, self.seen = walk["made"], walk["seen"]
            self.walkers.load(walk["walkers"])
            self.restored = {}

    def grid(self) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
        """Learning rates (N,) and memories (N,) of each optimizer: all pairs, N = M R."""
        memory, rates = torch.meshgrid(self.memory, self.rates, indexing="ij")  # (M, R)
        return dict.fromkeys(self.rules, rates.flatten()), dict.fromkeys(self.rules, memory.flatten())

    def begin(self, rates: dict[str, Tensor], memory: dict[str, Tensor]) -> None:
        """Put N points of each optimizer at the start, with learning rates (N,) and memories (N,)."""
        rules = [
            with_values(rule, rates[name].to(self.device), memory[name].to(self.device), self.remembered_by.get(name))
            for name, rule in self.rules.items()
        ]
        count = len(next(iter(rates.values())))
        points = self.model.start.expand(len(rules), count, 1, 2).clone()
        if self.implementation == "torch":
            makers = [self.torch_optimizers[name] for name in self.rules]
            self.walkers = ByTorch(surface=self.model, rules=rules, makers=makers, points=points)
        else:
            self.walkers = ByHand(surface=self.model, rules=rules, points=points)
        self.made = 0
        zeros = points.new_zeros(points.shape[:2])  # (O, N)
        self.seen = {"far": zeros.long(), "distance": zeros, "loss": zeros}

    @torch.no_grad()
    def walk(self, steps: int) -> None:
        """One step of a walk of `steps`."""
        self.walkers.step()
        self.made += 1
        points = self.walkers.points.detach().squeeze(2)  # (O, N, 2)
        distance = self.model.distance(points)
        self.seen["far"][~(distance < self.near)] = self.made  # NaN is far as well
        if self.made > steps - self.settle:
            loss = self.model(points)
            for name, value in (("distance", distance), ("loss", loss)):
                self.seen[name] = torch.maximum(self.seen[name], value.nan_to_num(nan=math.inf, posinf=math.inf))

    def training_step(self, batch: tuple[Tensor], batch_idx: int) -> None:
        self.walk(self.trainer.num_training_batches)
        count_step(self.trainer)

    def on_train_batch_end(self, outputs: Any, batch: Any, batch_idx: int) -> None:
        if self.trainer.is_last_batch:  # callbacks read the epoch's metrics before our on_train_epoch_end
            self.choose()

    @torch.no_grad()
    def choose(self) -> None:
        """For each optimizer the best walk of the search, and of all the point where it ended."""
        distance = self.seen["distance"]
        if not distance.isfinite().any():
            raise InputError(f"every walk diverged: lower task.rates.lowest={self.rates[0]:g}")
        best = [first_of_the_best(d, far) for d, far in zip(distance, self.seen["far"], strict=True)]
        rates, memory = self.grid()
        self.search = {
            "distance": distance.unflatten(1, (len(self.memory), len(self.rates))).cpu(),
            "best": {
                name: {"lr": rates[name][n].item(), "memory": memory[name][n].item()}
                for name, n in zip(self.rules, best, strict=True)
            },
        }
        losses = torch.stack([loss[n] for loss, n in zip(self.seen["loss"], best, strict=True)])  # (O,)
        winner = losses.argmin().item()
        self.model.point.copy_(self.walkers.points[winner, best[winner], 0])
        self.log("train/loss", losses.min(), on_step=False, on_epoch=True, batch_size=1)
        self.log("train/distance", distance.min(), on_step=False, on_epoch=True, batch_size=1)

    def configure_optimizers(self) -> None:
        """None that Lightning should know of."""

    # The walks of the best

    def test_dataloader(self) -> Steps:
        return self.batches(len(self.rules))

    def on_test_start(self) -> None:
        if not self.search:
            raise InputError(
                "there is no search to take learning rates from: leave fit in stages, and its steps to task.steps"
            )
        best = self.search["best"]
        names = ("lr", "memory")
        self.begin(*({o: torch.tensor([best[o][name]], dtype=torch.float64) for o in self.rules} for name in names))
        self.trail = self.walkers.points.new_full((self.steps + 1, len(self.rules), 2), math.nan)
        self.trail[0] = self.model.start

    def test_step(self, batch: tuple[Tensor], batch_idx: int) -> None:
        self.walk(self.trainer.num_test_batches[0])
        self.trail[self.made] = self.walkers.points.detach()[:, 0, 0]

    def on_test_epoch_end(self) -> None:
        distance, loss, far = (self.seen[name][:, 0] for name in ("distance", "loss", "far"))  # (O,) each
        metrics = {"test/loss": loss.min(), "test/distance": distance.min()}
        for o, name in enumerate(self.rules):
            best = self.search["best"][name]
            if not distance[o].isfinite():
                continue  # it diverges with every learning rate
            metrics |= {
                f"test/distance_{name}": distance[o],
                f"test/loss_{name}": loss[o],
                f"test/lr_{name}": best["lr"],
            }
            if name in self.remembered_by:
                metrics[f"test/memory_{name}"] = best["memory"]
            if far[o] < self.made:
                metrics[f"test/steps_{name}"] = far[o].item() + 1.0
        self.log_dict(metrics, batch_size=1)

    # Checkpoints

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        checkpoint["search"] = self.search
        if not self.search:  # within the search
            checkpoint["walk"] = {"made": self.made, "seen": self.seen, "walkers": self.walkers.state()}

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        self.search = checkpoint["search"]
        self.restored = checkpoint.get("walk", {})


def with_values(rule: Rule, rates: Tensor, memory: Tensor, remembered_by: str | None) -> Rule:
    """A copy of `rule` for N points: learning rates (N,) and, in the hyperparameter of that name, memories (N,)."""
    rule = copy.copy(rule)
    rule.lr = rates[:, None, None]  # (N, 1, 1): it broadcasts against points (N, 1, 2)
    if remembered_by == "betas":
        rule.betas = [memory[:, None, None], *rule.betas[1:]]
    elif remembered_by:
        setattr(rule, remembered_by, memory[:, None, None])
    return rule


def first_of_the_best(distance: Tensor, far: Tensor) -> int:
    """Of walks that end at `distance` (N,), the index of the nearest; of several, of the one that came near first."""
    nearest = distance.clamp(min=EXACT)
    return far.where(nearest == nearest.min(), far.max() + 1).argmin().item()


def check_end(steps: int, near: float, settle: int) -> None:
    if not 1 <= settle <= steps:
        raise InputError(f"task.settle={settle} does not work: give a number of steps, from 1 to task.steps={steps}")
    if not near > 0:
        raise InputError(f"task.near={near} does not work: give a distance above 0")


def check_search(
    rules: Mapping[str, Rule],
    implementation: str,
    torch_optimizers: Mapping[str, Any],
    steps: int,
    rates: Mapping[str, float],
    memory: Sequence[float] | None,
) -> None:
    if implementation not in IMPLEMENTATIONS:
        raise InputError(f"task.implementation={implementation} does not work: give {' or '.join(IMPLEMENTATIONS)}")
    if not any(rules.values()):
        raise InputError("task.rules holds no optimizer: leave one of them")
    missing = [name for name, rule in rules.items() if rule and not torch_optimizers.get(name)]
    if implementation == "torch" and missing:
        raise InputError(f"task.torch_optimizers.{missing[0]} is missing: name the class of torch.optim")
    if steps < 1:
        raise InputError(f"task.steps={steps} does not work: give a number above 0")
    if not (0 < rates["lowest"] <= rates["highest"] and rates["number"] >= 1):
        raise InputError(f"task.rates={dict(rates)} does not work: give 0 < lowest <= highest, and a number above 0")
    if memory and not all(0 <= value < 1 for value in memory):
        raise InputError(f"task.memory={list(memory)} does not work: give numbers from 0 up and below 1")
