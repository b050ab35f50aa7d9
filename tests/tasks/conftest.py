"""A run that is stopped within an epoch and goes on, beside one that nobody stopped."""

import os
import shlex
import signal
from collections.abc import Callable

import pytest
import torch


@pytest.fixture
def resumed_beside_unbroken(launch, tmp_path, monkeypatch) -> Callable[..., tuple]:
    def run(kind: type, step: int, *words: str) -> tuple:
        """Both ends, equal bit by bit; the first was stopped in training step `step` of `kind`, counted from 1."""
        unbroken = launch(*words, folder=tmp_path / "unbroken")
        assert (unbroken.code, unbroken.err) == (0, "")

        calls, original = [], kind.training_step

        def stopped_in_the_step(*args):
            calls.append(1)
            if len(calls) == step:
                os.kill(os.getpid(), signal.SIGTERM)
            return original(*args)

        monkeypatch.setattr(kind, "training_step", stopped_in_the_step)
        stopped = launch(*words, folder=tmp_path / "stopped")
        assert stopped.code == 143
        assert stopped.result["status"] == "interrupted"
        again = shlex.split(stopped.err.partition("resume with: ")[2])[3:]
        resumed = launch(*again, folder=tmp_path / "resumed")
        assert (resumed.code, resumed.err) == (0, "")
        assert resumed.result["metrics"] == unbroken.result["metrics"]
        assert resumed.history == unbroken.history
        ours, theirs = (
            torch.load(end.folder / "checkpoints" / "last.ckpt", weights_only=True)["state_dict"]
            for end in (resumed, unbroken)
        )
        assert ours.keys() == theirs.keys()
        assert all(torch.equal(ours[name], value) for name, value in theirs.items())
        return resumed, unbroken

    return run
