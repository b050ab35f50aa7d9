"""Schedules against torch's own and numpy's, and at the points where a closed form is plain."""

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch.optim import lr_scheduler

from dlexp.errors import InputError
from dlexp.optim.schedules import constant, cosine, one_cycle, step

LR = 0.3
Schedule = Callable[[torch.optim.Optimizer], lr_scheduler.LRScheduler]
TRIANGLE = {"start": 0.2, "peak": 0.25, "final": 0.1, "shape": "linear"}


def optimizer() -> torch.optim.SGD:
    return torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=LR)


def rates(schedule: Schedule, steps: int) -> list[float]:
    """The learning rate that each of `steps` optimizer steps uses."""
    sgd = optimizer()
    scheduler = schedule(sgd)
    used = []
    for _ in range(steps):
        used.append(sgd.param_groups[0]["lr"])
        sgd.step()
        scheduler.step()
    return used


def middles(steps: int) -> np.ndarray:
    return (np.arange(steps) + 0.5) / steps


def test_constant_stays() -> None:
    assert rates(lambda o: constant(o, total_steps=5), 7) == [LR] * 7


@pytest.mark.parametrize("steps", [4, 8, 100])
def test_step_equals_torchs_multistep(steps: int) -> None:
    ours = rates(lambda o: step(o, total_steps=steps, milestones=[0.5, 0.75], gamma=0.1), steps)
    milestones = [steps // 2, steps * 3 // 4]
    theirs = rates(lambda o: lr_scheduler.MultiStepLR(o, milestones, gamma=0.1), steps)
    assert ours == pytest.approx(theirs)


@pytest.mark.parametrize("steps", [1, 2, 7, 50])
def test_cosine_without_warmup_equals_torchs_cosine_at_the_middle_of_each_step(steps: int) -> None:
    ours = rates(lambda o: cosine(o, total_steps=steps, warmup=0.0, final=0.1), steps)
    half_steps = rates(lambda o: lr_scheduler.CosineAnnealingLR(o, 2 * steps, eta_min=0.1 * LR), 2 * steps)
    assert ours == pytest.approx(half_steps[1::2])


def test_cosine_at_its_beginning_peak_middle_and_end() -> None:
    used = rates(lambda o: cosine(o, total_steps=1000, warmup=0.2, final=0.01), 1001)
    assert used[0] == pytest.approx(LR * 0.5 / 200)  # half a step up the ramp, not 0
    assert used[99] == pytest.approx(LR * 99.5 / 200)
    assert max(used) == pytest.approx(LR, rel=1e-5)
    assert int(np.argmax(used)) == 200
    assert used[599] + used[600] == pytest.approx(2 * LR * (1 + 0.01) / 2)  # half way down
    assert used[999] == pytest.approx(LR * (0.01 + 0.99 * (1 - math.cos(math.pi * 0.5 / 800)) / 2))
    assert used[1000] == pytest.approx(LR * 0.01)  # after the last step: exactly final


@pytest.mark.parametrize("steps", [1, 2, 3, 40])
def test_linear_one_cycle_is_a_triangle(steps: int) -> None:
    ours = rates(lambda o: one_cycle(o, total_steps=steps, **TRIANGLE), steps)
    expected = LR * np.interp(middles(steps), [0, 0.25, 1], [0.2, 1, 0.1])
    assert ours == pytest.approx(expected.tolist())


def test_cosine_one_cycle_equals_torchs_at_the_middle_of_each_step() -> None:
    # torch counts steps 0 to 2n here, half a step of ours each, with the peak at step 2n * 0.25.
    n = 40
    ours = rates(lambda o: one_cycle(o, total_steps=n, start=0.04, peak=0.25, final=0.01, shape="cosine"), n)
    theirs = rates(
        lambda o: lr_scheduler.OneCycleLR(
            o,
            max_lr=LR,
            total_steps=2 * n + 1,
            pct_start=(2 * n * 0.25 + 1) / (2 * n + 1),
            div_factor=25,
            final_div_factor=4,
            cycle_momentum=False,
        ),
        2 * n,
    )
    assert ours == pytest.approx(theirs[1::2])


@pytest.mark.parametrize(
    "schedule",
    [
        lambda o, n: step(o, total_steps=n, milestones=[0.5], gamma=0.1),
        lambda o, n: cosine(o, total_steps=n, warmup=0.3, final=0.0),
        lambda o, n: one_cycle(o, total_steps=n, start=0.0, peak=0.3, final=0.0, shape="cosine"),
        lambda o, n: one_cycle(o, total_steps=n, start=0.0, peak=0.3, final=0.0, shape="linear"),
    ],
)
def test_every_step_of_any_budget_learns(schedule: Callable) -> None:
    for steps in range(1, 12):
        used = rates(lambda o, steps=steps: schedule(o, steps), steps)
        assert all(0 < rate <= LR for rate in used)


def test_the_mean_rate_hardly_depends_on_the_budget() -> None:
    for steps in (10, 1000):
        used = rates(lambda o, steps=steps: cosine(o, total_steps=steps, warmup=0.2, final=0.0), steps)
        assert np.mean(used) == pytest.approx(LR / 2, rel=0.01)


def test_state_goes_on_where_it_stopped() -> None:
    def schedule(sgd: torch.optim.SGD) -> lr_scheduler.LambdaLR:
        return one_cycle(sgd, total_steps=9, **TRIANGLE)

    expected = rates(schedule, 9)[5]
    first, second = optimizer(), optimizer()
    scheduler = schedule(first)
    for _ in range(4):
        first.step()
        scheduler.step()
    resumed = schedule(second)
    second.load_state_dict(first.state_dict())
    resumed.load_state_dict(scheduler.state_dict())
    second.step()
    resumed.step()
    assert second.param_groups[0]["lr"] == expected


BAD = [
    (cosine, {"warmup": 1.0, "final": 0.0}, "warmup"),
    (cosine, {"warmup": -0.1, "final": 0.0}, "warmup"),
    (cosine, {"warmup": "long", "final": 0.0}, "warmup"),
    (cosine, {"warmup": 0.1, "final": 1.5}, "final"),
    (step, {"milestones": [0.75, 0.5], "gamma": 0.1}, "milestones"),
    (step, {"milestones": [30, 60], "gamma": 0.1}, "milestones"),
    (step, {"milestones": 0.5, "gamma": 10}, "gamma"),
    (step, {"milestones": None, "gamma": 0.1}, "milestones"),
    (one_cycle, {**TRIANGLE, "start": 25}, "start"),
    (one_cycle, {**TRIANGLE, "peak": 1.0}, "peak"),
    (one_cycle, {**TRIANGLE, "peak": 0}, "peak"),
    (one_cycle, {**TRIANGLE, "final": -1}, "final"),
    (one_cycle, {**TRIANGLE, "shape": "square"}, "shape"),
]


@pytest.mark.parametrize(("schedule", "settings", "key"), BAD)
def test_a_bad_value_names_its_key_in_one_line(schedule: Callable, settings: dict, key: str) -> None:
    with pytest.raises(InputError, match=rf"^scheduler\.{key}=[^\n]*$"):
        schedule(optimizer(), total_steps=10, **settings)


@pytest.mark.parametrize("total_steps", [0, math.inf])
def test_training_without_a_length_names_the_fix(total_steps: float) -> None:
    with pytest.raises(InputError, match=r"trainer\.max_epochs"):
        cosine(optimizer(), total_steps=total_steps, warmup=0.1, final=0.0)
    constant(optimizer(), total_steps=total_steps)  # needs none
