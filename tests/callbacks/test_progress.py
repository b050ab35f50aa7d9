"""What the terminal shows of a training."""

import io
import re
import sys

from dlexp.callbacks.progress import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_line_an_epoch(fit, capsys):
    fit(Progress(refresh_seconds=0.0), max_epochs=2)
    first, second = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"epoch 1/2  train/loss \d\.\d{4}  val/loss \d\.\d{4}  \d+\.\d s", first)
    assert second.startswith("epoch 2/2")


def test_the_running_epoch_is_redrawn_on_a_terminal_only(fit, monkeypatch):
    monkeypatch.setattr(sys, "stdout", Terminal())
    fit(Progress(refresh_seconds=0.0), max_epochs=1)
    *steps, line = sys.stdout.getvalue().split("\r")
    assert steps == [f"epoch 1/1  step {i}/4" for i in range(1, 5)]
    assert line.startswith("epoch 1/1  train/loss")


def test_it_is_redrawn_seldom(fit, monkeypatch):
    monkeypatch.setattr(sys, "stdout", Terminal())
    fit(Progress(refresh_seconds=60.0), max_epochs=1)
    assert "\r" not in sys.stdout.getvalue()


def test_what_was_not_validated_is_not_shown(fit, capsys):
    fit(Progress(refresh_seconds=1.0), max_epochs=3, check_val_every_n_epoch=2)
    assert ["val/loss" in line for line in capsys.readouterr().out.splitlines()] == [False, True, False]
