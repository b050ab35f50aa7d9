"""The plane as a callback asks for it, the epochs that are kept, and what goes on after a kill."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from dlexp.callbacks.decision_growth import DecisionGrowth, spread
from dlexp.callbacks.decision_regions import DecisionRegions
from dlexp.callbacks.plane import box_around, is_plane, shares
from dlexp.errors import InputError

PLANE = (
    *("task=mlp_scratch", "data=circles", "model.hidden=6", "optimizer.lr=0.1", "data.batch_size=20", "trainer=cpu"),
    *("logger=none", "callbacks.curves=null", "callbacks.classification_figures=null"),
    *("data.samples=60", "data.test=40", "callbacks.decision_regions.cells=20", "callbacks.decision_growth.cells=20"),
)


@pytest.mark.parametrize(
    ("last", "count", "epochs"),
    [
        (0, 8, [0]),
        (3, 8, [0, 1, 2, 3]),
        (8, 8, [0, 1, 2, 3, 4, 5, 6, 8]),
        (20, 8, [0, 1, 2, 3, 4, 7, 12, 20]),
        (300, 8, [0, 1, 3, 7, 17, 45, 116, 300]),
        (1000, 2, [0, 1000]),
        (-1, 8, []),
    ],
)
def test_spread(last, count, epochs):
    assert sorted(spread(last, count)) == epochs


def test_spread_always_ends_at_the_last_and_has_as_many_as_asked():
    for last in range(8, 200):
        epochs = sorted(spread(last, 8))
        assert len(epochs) == 8
        assert (epochs[0], epochs[-1]) == (0, last)


def test_too_few_panels():
    with pytest.raises(InputError, match=r"panels=1: .* 2 or more"):
        DecisionGrowth(folder="unused", cells=10, panels=1)


def test_the_box_holds_the_points_with_the_same_margin_all_round():
    left, right, bottom, top = box_around(torch.tensor([[0.0, 1.0], [10.0, 3.0], [5.0, 2.0]]))
    assert (left, right, bottom, top) == pytest.approx((-1.2, 11.2, -0.2, 4.2))


def test_shares_are_those_of_the_middles_of_the_cells_the_lowest_row_first():
    class Where(nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x

    task = SimpleNamespace(probabilities=lambda scores: scores)
    found = shares(task, Where(), (0.0, 4.0, 10.0, 12.0), 2, torch.device("cpu"))
    assert found.tolist() == [[[1.0, 10.5], [3.0, 10.5]], [[1.0, 11.5], [3.0, 11.5]]]


def test_only_classes_in_the_plane_are_looked_at():
    plane = SimpleNamespace(features=None, classes=("0", "1"), input_shape=[2])
    assert is_plane(plane)
    assert not is_plane(SimpleNamespace(**vars(plane) | {"input_shape": [3]}))
    assert not is_plane(SimpleNamespace(**vars(plane) | {"classes": ()}))
    assert not is_plane(SimpleNamespace(images=None, classes=("0", "1"), input_shape=[1, 2, 2]))
    assert not is_plane(None)


@pytest.mark.parametrize("trainer", [{"fast_dev_run": True}, {"is_global_zero": False}, {"datamodule": None}])
def test_nothing_is_drawn_of_a_trial_by_another_rank_or_of_images(trainer, tmp_path):
    stub = SimpleNamespace(**({"is_global_zero": True, "fast_dev_run": False, "datamodule": None} | trainer))
    DecisionRegions(folder=str(tmp_path), cells=10).on_test_end(stub, None)
    growth = DecisionGrowth(folder=str(tmp_path), cells=10, panels=4)
    growth.on_fit_end(stub, None)
    assert not list(tmp_path.iterdir())


@pytest.fixture
def drawn(monkeypatch) -> list[tuple]:
    """What the figures of growth are asked to show."""
    calls: list[tuple] = []
    from dlexp.reporting import decision_regions

    real = decision_regions.decision_regions_growth

    def keep(pictures, titles, **options):
        calls.append((np.stack(pictures), titles))
        return real(pictures, titles, **options)

    monkeypatch.setattr(decision_regions, "decision_regions_growth", keep)
    return calls


def test_a_killed_run_shows_the_same_growth(launch, drawn, tmp_path):
    words = (*PLANE, "trainer.max_epochs=5", "callbacks.decision_growth.panels=4")
    unbroken = launch(*words, folder=tmp_path / "unbroken")
    assert (unbroken.code, unbroken.err) == (0, "")
    figures = {path.stem for path in (tmp_path / "unbroken" / "figures").iterdir()}
    assert figures == {"decision_regions", "decision_regions_growth"}
    assert launch(*words, "+trainer.max_steps=6", "stages=[fit]", folder=tmp_path / "first").code == 0
    ckpt = tmp_path / "first" / "checkpoints" / "last.ckpt"
    assert launch(*words, f'ckpt="{ckpt}"', "stages=[fit]", folder=tmp_path / "second").code == 0
    (pictures, titles), (early, _), (again, titles_again) = drawn
    assert [title.split(" · ")[0] for title in titles] == ["before training", *(f"epoch {n}" for n in (1, 2, 5))]
    assert len(early) == 3  # it ended after epoch 2
    assert np.array_equal(pictures, again)
    assert titles == titles_again
    assert pictures.shape == (4, 20, 20, 2)
    assert np.allclose(pictures.sum(3), 1)
    table = unbroken.history.splitlines()
    column = table[0].split(",").index("val/accuracy")
    assert titles[-1] == f"epoch 5 · {100 * float(table[5].split(',')[column]):.1f} %"
