"""What the figures of the adding problem show: the answers, one sequence, and the answers to its beginnings."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from lightning.pytorch.plugins import Precision
from torch import Tensor, nn

from dlexp.callbacks.adding_figures import MOST_PREFIXES, AddingFigures, answers_so_far, well_seen


class Exact(nn.Module):
    """Adds without an error."""

    def forward(self, x: Tensor) -> Tensor:
        return x.prod(2).sum(1, keepdim=True)


def sequences(count: int = 5, length: int = 6) -> Tensor:
    numbers = torch.rand(count, length, generator=torch.Generator().manual_seed(0)) / 2  # none above a half
    marks = torch.zeros(count, length)
    marks[:, 1] = marks[:, 4] = 1
    return torch.stack([numbers, marks], dim=2)


def test_the_first_sequence_whose_marked_numbers_are_seen_well():
    x = sequences()
    assert torch.equal(well_seen(x), x[:1])  # there is none
    x[2, 1, 0] = 0.9
    assert torch.equal(well_seen(x), x[:1])  # one of two is not enough
    x[3, 1, 0] = x[3, 4, 0] = x[4, 1, 0] = x[4, 4, 0] = 0.8
    assert torch.equal(well_seen(x), x[3:4])
    x[1, 2, 0] = x[1, 3, 0] = 0.99
    assert torch.equal(well_seen(x), x[3:4])  # those are not marked


def test_answers_to_beginnings():
    x = sequences(1)
    times, answers = answers_so_far(Exact(), x)
    first, second = x[0, 1, 0], x[0, 4, 0]
    assert times.tolist() == [1, 2, 3, 4, 5, 6]
    zero = torch.zeros(())
    torch.testing.assert_close(answers, torch.stack([zero, first, first, first, first + second, first + second]))


def test_a_long_sequence_is_not_answered_at_every_step():
    times, answers = answers_so_far(Exact(), sequences(1, 1000))
    assert len(times) == len(answers) == MOST_PREFIXES
    assert (times[0], times[-1]) == (1, 1000)
    assert (np.diff(times) > 0).all()


@pytest.mark.parametrize("silent", [{"fast_dev_run": True}, {"is_global_zero": False}, {}])
def test_two_figures(tmp_path, silent):
    x = sequences()
    data = SimpleNamespace(splits={"test": (x, Exact()(x))})
    around = {"is_global_zero": True, "fast_dev_run": False, "loggers": [], "precision_plugin": Precision()} | silent
    with torch.inference_mode():  # as within a test
        module = SimpleNamespace(model=Exact())
        trainer, figures = SimpleNamespace(datamodule=data, **around), AddingFigures(folder=str(tmp_path))
        for part in x.split(2):
            figures.on_test_batch_end(trainer, module, Exact()(part), (part, Exact()(part)), 0)
        figures.on_test_end(trainer, module)
    names = {path.name for path in tmp_path.rglob("*.png")}
    assert names == (set() if silent else {"answers.png", "one_sequence.png"})
