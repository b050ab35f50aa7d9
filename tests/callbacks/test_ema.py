"""The averaged weights against the formula."""

from types import SimpleNamespace

import pytest
import torch
from lightning.pytorch import Callback, LightningModule

from dlexp.callbacks.ema import EMA


class Steps(Callback):
    """The weight after every optimizer step, and what validation sees."""

    def __init__(self) -> None:
        self.trained: list[float] = []
        self.validated: list[float] = []

    def on_train_batch_end(self, trainer, pl_module, *args) -> None:
        self.trained.append(pl_module.model.weight.item())

    def on_validation_batch_end(self, trainer, pl_module, *args) -> None:
        self.validated.append(pl_module.model.weight.item())


@pytest.mark.parametrize("every", [1, 2])
def test_average(fit, every):
    steps = Steps()
    trainer = fit(steps, EMA(decay=0.7, every_n_steps=every))
    average, found = steps.trained[0], []
    for i, weight in enumerate(steps.trained):
        if i % every == 0:
            average = weight if i == 0 else 0.7 * average + 0.3 * weight
        found.append(average)
    assert steps.validated == pytest.approx([found[3], found[3], found[7], found[7]])  # two batches an epoch
    assert trainer.lightning_module.model.weight.item() == pytest.approx(found[-1])
    assert steps.trained[4] != pytest.approx(found[4])  # training went on from its own weights


def test_a_step_of_accumulated_batches_counts_once(fit):
    steps = Steps()
    trainer = fit(steps, EMA(decay=0.5, every_n_steps=1), accumulate_grad_batches=2, max_epochs=1)
    first, second = steps.trained[1], steps.trained[3]
    assert trainer.lightning_module.model.weight.item() == pytest.approx(0.5 * first + 0.5 * second)


def test_the_average_lies_on_the_training_device():
    """Lightning copies the network before it is moved there. The meta device stands for a GPU."""
    ema, module = EMA(decay=0.9, every_n_steps=1), LightningModule()
    module.model = torch.nn.Linear(2, 2)
    trainer = SimpleNamespace(strategy=SimpleNamespace(root_device=torch.device("meta")))
    ema.setup(trainer, module, "fit")
    assert {p.device.type for p in ema._average_model.module.parameters()} == {"meta"}
    assert ema._average_model.n_averaged.device.type == "cpu"  # it is read in every step
