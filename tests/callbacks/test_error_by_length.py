"""Errors at other lengths: a net that stops adding after some steps errs where sequences are longer."""

import re
from types import SimpleNamespace

import pytest
import torch
from lightning.pytorch.plugins import Precision
from torch import Tensor, nn

from dlexp.callbacks.error_by_length import ErrorByLength
from dlexp.data.adding import Adding
from dlexp.errors import InputError
from dlexp.reporting.profile import kept


class AddsTheFirst(nn.Module):
    """Adds what is marked in the first 20 steps."""

    def forward(self, x: Tensor) -> Tensor:
        return x[:, :20].prod(2).sum(1, keepdim=True)


def around(**changes):
    sizes = {"batches": 1, "validation": 1, "test": 1, "draw": 0, "batch_size": 1, "eval_batch_size": 64, "seed": 0}
    data = Adding(length=20, input_shape=[20, 2], num_classes=0, **sizes)
    found = {"is_global_zero": True, "fast_dev_run": False, "loggers": [], "precision_plugin": Precision()}
    return SimpleNamespace(datamodule=data, **(found | changes))


def watcher(folder, **changes) -> ErrorByLength:
    return ErrorByLength(**({"folder": str(folder), "sequences": 4000, "factors": [2, 0.01, 0.5, 1, 1.02]} | changes))


def test_the_error_at_each_length(tmp_path):
    state = torch.get_rng_state()
    module = SimpleNamespace(model=AddsTheFirst(), device=torch.device("cpu"))
    watcher(tmp_path).on_test_end(around(), module)
    assert torch.equal(torch.get_rng_state(), state)
    profile = kept(tmp_path)["error_by_length"]
    assert profile.x == [0.1, 0.5, 1, 2]  # two steps at least, each length once
    assert profile.y[:3] == pytest.approx([0, 0, 0], abs=1e-12)
    assert profile.y[3] == pytest.approx(1 / 3, abs=0.02)  # the second number is missed: the mean of its square
    assert profile.baseline == pytest.approx(1 / 6)
    assert (tmp_path / "figures" / "error_by_length.png").exists()


def test_its_line_says_what_it_was_judged_on(tmp_path, monkeypatch):
    lines = []
    monkeypatch.setattr("dlexp.callbacks.error_by_length.keep_profile", lambda *arguments: lines.append(arguments[-1]))
    module = SimpleNamespace(model=AddsTheFirst(), device=torch.device("cpu"))
    watcher(tmp_path, sequences=1500).on_test_end(around(), module)
    assert lines == ["1,500 fresh sequences"]


@pytest.mark.parametrize("silent", [{"fast_dev_run": True}, {"is_global_zero": False}])
def test_keeps_nothing_where_nothing_is_kept(tmp_path, silent):
    watcher(tmp_path).on_test_end(around(**silent), None)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "changes",
    [
        {"sequences": 0},
        *(
            {"factors": given}
            for given in ([], [1, 0], ["a"], 2, "12", None, [1, float("inf")], [float("nan")], [True])
        ),
    ],
)
def test_bad_arguments(tmp_path, changes):
    ((key, value),) = changes.items()
    with pytest.raises(InputError, match=re.escape(f"callbacks.error_by_length.{key}={value}")):
        watcher(tmp_path, **changes)
