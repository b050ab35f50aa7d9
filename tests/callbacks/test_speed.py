"""Seconds, samples a second and memory."""

import mmap
import time

import numpy as np
import pytest
from lightning.pytorch import Callback

from dlexp.callbacks.speed import Speed, peak_resident, reset_peak_resident


class Slow(Callback):
    def __init__(self, hook: str, seconds: float) -> None:
        setattr(self, hook, lambda *args: time.sleep(seconds))


def test_of_a_training(fit):
    speed = Speed()
    fit(Slow("on_train_batch_start", 0.02), speed, max_epochs=3)
    summary = speed.summary
    assert summary["epochs"] == 3
    assert 0.08 < summary["seconds_per_epoch"] < 1
    assert summary["throughput"] == pytest.approx(32 / summary["seconds_per_epoch"], rel=0.5)


def test_validation_is_left_out(fit):
    speed = Speed()
    fit(speed, Slow("on_validation_batch_start", 0.5), max_epochs=1)
    assert speed.summary["seconds_per_epoch"] < 0.5


def test_medians_without_the_first_epoch():
    speed = Speed()
    speed.seconds, speed.samples = [9.0, 1.0, 2.0, 4.0], [100, 100, 100, 100]
    assert (speed.summary["seconds_per_epoch"], speed.summary["throughput"]) == (2.0, 50.0)
    speed.seconds, speed.samples = [9.0], [90]
    assert (speed.summary["seconds_per_epoch"], speed.summary["throughput"]) == (9.0, 10.0)


def test_nothing_is_said_of_what_was_not_trained():
    assert Speed().summary == {}


def test_peak_memory():
    reset_peak_resident()
    before = peak_resident()
    with mmap.mmap(-1, 2**28) as block:  # 268 MB of the system, which no allocator keeps for later
        np.frombuffer(block, np.uint8).fill(1)
        during = peak_resident()
    assert during - before > 200e6
    assert peak_resident() == pytest.approx(during, rel=0.01)  # a peak stays
    reset_peak_resident()
    assert peak_resident() < during - 200e6
