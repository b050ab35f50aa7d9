"""figures/answers.png and figures/one_sequence.png: how well a net adds, and what it does step by step."""

from pathlib import Path

import numpy as np
import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from torch import Tensor, nn

from dlexp.callbacks.figures import keep_figure
from dlexp.callbacks.input_gradient import input_gradient

MOST_PREFIXES = 120  # of a sequence that are answered


class AddingFigures(Callback):
    """Of the best epoch: its answers to the test split, and one sequence of it step by step. Of several processes, the
    first shows its share of the split.

    The task's test step returns answers (B, 1), its `model` takes sequences (B, T, 2) of any T.
    """

    def __init__(self, *, folder: str) -> None:
        self.folder = Path(folder)
        self.answered: list[tuple[Tensor, Tensor]] = []  # of each batch answers and sums, both (B, 1)

    def on_test_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.answered = []

    def on_test_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Tensor,
        batch: tuple[Tensor, Tensor],
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        self.answered.append((outputs, batch[1]))

    def on_test_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if not trainer.is_global_zero or trainer.fast_dev_run:
            return
        from dlexp.reporting.adding import answers_and_sums, one_sequence

        model = pl_module.model
        answers, sums = (torch.cat(parts)[:, 0].float().cpu().numpy() for parts in zip(*self.answered, strict=True))
        one = well_seen(trainer.datamodule.splits["test"][0])  # (1, T, 2)
        plugin = trainer.precision_plugin
        with torch.no_grad(), plugin.forward_context():
            times, so_far = answers_so_far(model, plugin.convert_input(one))
        slopes = input_gradient(model, one, Tensor.sum)[0, :, 0]  # (T,)
        keep_figure(trainer, self.folder, "answers", answers_and_sums(answers, sums))
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
