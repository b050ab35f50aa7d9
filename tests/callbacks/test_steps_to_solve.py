"""When a problem was solved, and the baseline that knows nothing."""

from types import SimpleNamespace

import pytest
import torch
from lightning.pytorch import Callback

from dlexp.callbacks.predicting_one import PredictingOne
from dlexp.callbacks.steps_to_solve import StepsToSolve
from dlexp.errors import InputError


class Losses(Callback):
    """What validations find, in this order."""

    def __init__(self, *values: float) -> None:
        self.values = iter(values)

    def on_validation_epoch_end(self, trainer, pl_module) -> None:
        pl_module.log("val/mse", next(self.values))


def solver(threshold: float = 0.01, stop: bool = False) -> StepsToSolve:
    return StepsToSolve(monitor="val/mse", threshold=threshold, stop=stop)


@pytest.mark.parametrize(
    ("losses", "steps"), [((1.0, 0.011, 0.009, 0.5), 12), ((0.001, 1.0, 1.0, 1.0), 4), ((1.0, 0.5, 0.1, 0.011), None)]
)
def test_the_first_step_below_the_threshold(fit, losses, steps):
    callback = solver()
    assert callback.measures == {}
    trainer = fit(Losses(*losses), callback, max_epochs=4)  # of four steps each
    assert trainer.global_step == 16
    assert callback.measures == ({} if steps is None else {"val/steps_to_solve": steps})


def test_stops_where_it_is_solved(fit):
    callback = solver(stop=True)
    trainer = fit(Losses(1.0, 0.001, 1.0, 1.0), callback, max_epochs=4)
    assert trainer.global_step == callback.steps == 8


@pytest.mark.parametrize(("fn", "sanity_checking"), [("fit", True), ("validate", False)])
def test_neither_a_look_before_training_nor_a_validation_after_it_counts(fn, sanity_checking):
    callback = solver()
    found = {"state": SimpleNamespace(fn=fn), "callback_metrics": {"val/mse": torch.zeros(())}}
    callback.on_validation_end(SimpleNamespace(sanity_checking=sanity_checking, global_step=7, **found), None)
    assert callback.measures == {}


def test_remembers_after_a_resume(fit):
    callback, other = solver(), solver()
    fit(Losses(0.0, 1.0), callback)
    other.load_state_dict(callback.state_dict())
    fit(Losses(0.0, 0.0), other)
    assert other.measures == {"val/steps_to_solve": 4}


@pytest.mark.parametrize("threshold", [0, -1.0, float("nan"), "low", None])
def test_bad_threshold(threshold):
    with pytest.raises(InputError, match=r"callbacks\.steps_to_solve\.threshold="):
        solver(threshold)


@pytest.mark.parametrize("split", ["val", "test"])
def test_predicting_one(split):
    sums = {"val": torch.tensor([[1.0], [2.0]]), "test": torch.tensor([[0.0], [1.5], [1.0]])}
    logged = {}
    trainer = SimpleNamespace(datamodule=SimpleNamespace(labels=sums.get))
    module = SimpleNamespace(log=lambda name, value, sync_dist: logged.update({name: value.item()}))
    callback = PredictingOne()
    (callback.on_validation_epoch_end if split == "val" else callback.on_test_epoch_end)(trainer, module)
    assert logged == {f"{split}/mse_of_predicting_one": pytest.approx({"val": 0.5, "test": 1.25 / 3}[split])}
    assert set(logged) <= callback.logged
