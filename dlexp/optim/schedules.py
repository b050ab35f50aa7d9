"""Learning-rate schedules: the optimizer's learning rate times a function of training's progress.

A schedule is stepped after every optimizer step. Its points are fractions of training, so that a recipe holds
for any budget. Progress runs from 0 to 1, and a step takes the value in the middle of its own share of it, at
(step + 0.5) / total_steps: a rise from 0 and a fall to 0 then waste no step, and training for a single step
works as well.
"""

import math
from bisect import bisect
from collections.abc import Callable, Sequence

from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR

from dlexp.errors import InputError


def constant(optimizer: Optimizer, *, total_steps: int) -> LambdaLR:
    """The optimizer's learning rate throughout, whatever `total_steps` is."""
    return LambdaLR(optimizer, lambda step: 1.0)


def step(optimizer: Optimizer, *, total_steps: int, milestones: Sequence[float], gamma: float) -> LambdaLR:
    """Multiply by `gamma` at each of the `milestones`, which are fractions of training in rising order."""
    points = list(milestones) if isinstance(milestones, Sequence) else [milestones]
    _require(all(map(_is_fraction, points)), "milestones", milestones, "give fractions of training, 0 to 1")
    _require(points == sorted(points), "milestones", milestones, "give them in rising order")
    _require(_is_fraction(gamma), "gamma", gamma, "give a number from 0 to 1")
    return _follow(optimizer, total_steps, lambda progress: gamma ** bisect(points, progress))


def cosine(optimizer: Optimizer, *, total_steps: int, warmup: float, final: float) -> LambdaLR:
    """Rise linearly from 0 over the fraction `warmup` of training, then fall along half a cosine.

    `final` is where it ends, as a fraction of the optimizer's learning rate. After SGDR (Loshchilov and
    Hutter 2017, arXiv 1608.03983), without restarts.
    """
    _require(_is_fraction(warmup) and warmup < 1, "warmup", warmup, "give a fraction of training below 1")
    _require(_is_fraction(final), "final", final, "give a fraction of the learning rate, 0 to 1")

    def multiplier(progress: float) -> float:
        if progress < warmup:
            return progress / warmup
        return 1 + (final - 1) * _half_cosine((progress - warmup) / (1 - warmup))

    return _follow(optimizer, total_steps, multiplier)


def one_cycle(
    optimizer: Optimizer, *, total_steps: int, start: float, peak: float, final: float, shape: str
) -> LambdaLR:
    """Rise from `start` to the optimizer's learning rate at the fraction `peak` of training, fall to `final`.

    `start` and `final` are fractions of the optimizer's learning rate; `shape` is that of both ways: linear
    (the triangle of fast CIFAR training) or cosine. After Smith and Topin 2018 (arXiv 1708.07120), whose
    cycle of the momentum is left out: not every optimizer has one.
    """
    _require(_is_fraction(start), "start", start, "give a fraction of the learning rate, 0 to 1")
    _require(_is_fraction(peak) and 0 < peak < 1, "peak", peak, "give a fraction of training between 0 and 1")
    _require(_is_fraction(final), "final", final, "give a fraction of the learning rate, 0 to 1")
    _require(shape in ("linear", "cosine"), "shape", shape, "give linear or cosine")
    ease = _half_cosine if shape == "cosine" else float

    def multiplier(progress: float) -> float:
        if progress < peak:
            return start + (1 - start) * ease(progress / peak)
        return 1 + (final - 1) * ease((progress - peak) / (1 - peak))

    return _follow(optimizer, total_steps, multiplier)


def _follow(optimizer: Optimizer, total_steps: int, multiplier: Callable[[float], float]) -> LambdaLR:
    """Schedule `multiplier`, a function of progress; steps beyond the last one keep its value at 1."""
    if not 0 < total_steps < math.inf:
        raise InputError(
            f"scheduler: training has {total_steps} steps and a schedule needs a number above 0: "
            "set trainer.max_epochs or trainer.max_steps, or take scheduler=constant"
        )
    return LambdaLR(optimizer, lambda step: multiplier(min((step + 0.5) / total_steps, 1.0)))


def _half_cosine(x: float) -> float:
    """Rise from 0 to 1 as x does, flat at both ends."""
    return (1 - math.cos(math.pi * x)) / 2


def _is_fraction(value: object) -> bool:
    return isinstance(value, int | float) and 0 <= value <= 1


def _require(holds: bool, key: str, value: object, remedy: str) -> None:
    if not holds:
        raise InputError(f"scheduler.{key}={value} does not work: {remedy}")
