"""Which samples are shown, in which order."""

from types import SimpleNamespace

import pytest
import torch

from dlexp.callbacks.sample_figures import SampleFigures


@pytest.fixture
def drawn(monkeypatch) -> dict:
    kept: dict = {}
    for name in ("named_rows.named_rows", "image_grid.image_sheet"):
        monkeypatch.setattr(f"dlexp.reporting.{name}", lambda *args, **rest: (args, rest))
    monkeypatch.setattr("dlexp.callbacks.sample_figures.keep_figure", lambda *args: kept.update({args[2]: args[3]}))
    return kept


def show(count: int, num_classes: int, **changes) -> list:
    """What the task was asked for."""
    asked = []

    def generate(n, generator, labels=None):
        asked.append((n, labels))
        return torch.rand(n, 1, 2, 2, generator=generator)

    data = SimpleNamespace(classes=range(num_classes))
    trainer = {"is_global_zero": True, "fast_dev_run": False, "datamodule": data} | changes
    task = SimpleNamespace(generate=generate, num_classes=num_classes)
    SampleFigures(folder="unused", count=count).on_test_end(SimpleNamespace(**trainer), task)
    return asked


@pytest.mark.parametrize(("count", "columns"), [(100, 10), (64, 8), (1, 1), (7, 3)])
def test_without_a_condition_they_fill_a_square(drawn, count, columns):
    ((n, labels),) = show(count, 0)
    assert (n, labels) == (count, None)
    (images,), said = drawn["samples"]
    assert images.shape == (count, 1, 2, 2)
    assert said["columns"] == columns


@pytest.mark.parametrize(("count", "each"), [(100, 33), (3, 1), (1, 1)])
def test_of_each_class_a_row_with_its_name(drawn, count, each):
    ((n, labels),) = show(count, 3)
    assert labels.tolist() == each * [0] + each * [1] + each * [2]
    assert n == 3 * each
    (images, names), _ = drawn["samples"]
    assert len(images) == n
    assert names == ["0", "1", "2"]


def test_every_run_shows_the_same_draws(drawn):
    show(9, 0)
    first = drawn["samples"][0][0]
    torch.rand(3)
    show(9, 0)
    assert (drawn["samples"][0][0] == first).all()


@pytest.mark.parametrize("changes", [{"fast_dev_run": True}, {"is_global_zero": False}])
def test_nothing_is_drawn_of_a_trial_or_by_another_rank(drawn, changes):
    assert show(9, 0, **changes) == []
    assert drawn == {}
