"""figures/answers.png and figures/one_sequence.png: how well a net adds, and what it does step by step."""

from pathlib import Path

import numpy as np
import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from torch import Tensor, nn

from dlexp.callbacks.figures import keep_figure
from dlexp.callbacks.input_gradient import input_gradient
from dlexp.callbacks.split_batches import split_batches

MOST_PREFIXES = 120  # of a sequence that are answered


class AddingFigures(Callback):
    """Of the best epoch: its answers to the test split, and one sequence of it step by step.

    The task's `model` takes sequences (B, T, 2) of any T.
    """

    def __init__(self, *, folder: str) -> None:
        self.folder = Path(folder)

    def on_test_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if not trainer.is_global_zero or trainer.fast_dev_run:
            return
        from dlexp.reporting.adding import answers_and_sums, one_sequence

        model = pl_module.model
        inputs, sums = trainer.datamodule.splits["test"]
        one = well_seen(inputs)  # (1, T, 2)
        plugin = trainer.precision_plugin
        with torch.no_grad(), plugin.forward_context():
            parts = [plugin.convert_input(x) for x, _ in split_batches(trainer, "test", most=None)]
            answers = torch.cat([model(x).float() for x in parts])  # (N, 1)
            times, so_far = answers_so_far(model, plugin.convert_input(one))
        slopes = input_gradient(model, one, Tensor.sum)[0, :, 0]  # (T,)
        figure = answers_and_sums(answers[:, 0].cpu().numpy(), sums[:, 0].cpu().numpy())
        keep_figure(trainer, self.folder, "answers", figure)
        numbers, marks = one[0].cpu().numpy().T
        figure = one_sequence(numbers, marks > 0, times, so_far.cpu().numpy(), slopes.cpu().numpy())
        keep_figure(trainer, self.folder, "one_sequence", figure)


def well_seen(x: Tensor) -> Tensor:
    """(1, T, 2): the first of sequences (N, T, 2) whose marked numbers are both above a half, or the first of all."""
    seen = (x[:, :, 0] * x[:, :, 1] > 0.5).sum(1) == 2  # (N,)
    return x[seen.int().argmax()][None]


def answers_so_far(model: nn.Module, x: Tensor) -> tuple[np.ndarray, Tensor]:
    """What the model would say if the sequence (1, T, D) ended after `times` (M,) of its steps, and these answers (M,);
    of long sequences not at every step.
    """
    length = x.shape[1]
    times = np.unique(np.linspace(1, length, min(length, MOST_PREFIXES)).round().astype(int))
    with torch.no_grad():
        return times, torch.cat([model(x[:, :time]) for time in times])[:, 0].float()
