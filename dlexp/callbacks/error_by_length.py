"""figures/error_by_length.png: what a net that has learned sequences of one length makes of others."""

import math
from collections.abc import Sequence
from pathlib import Path

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from torch.nn.functional import mse_loss

from dlexp.callbacks.counts import check_counts
from dlexp.callbacks.profiles import keep_profile
from dlexp.errors import InputError
from dlexp.reporting.profile import Profile

SEED = 0  # of the sequences
SHORTEST = 2  # steps


class ErrorByLength(Callback):
    """Draws `sequences` of each length, `factors` times that of the data, and judges the best epoch on them.

    The data offers `length` and `of_length(length, count, generator)`.
    """

    def __init__(self, *, folder: str, sequences: int, factors: Sequence[float]) -> None:
        check_counts("error_by_length", sequences=sequences)
        if not isinstance(factors, Sequence) or not factors or not all(map(is_factor, factors)):
            raise InputError(f"callbacks.error_by_length.factors={factors}: give numbers above 0, such as [1,2]")
        self.folder = Path(folder)
        self.sequences = sequences
        self.factors = factors

    def on_test_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if not trainer.is_global_zero or trainer.fast_dev_run:
            return
        trained = trainer.datamodule.length
        lengths = sorted({max(SHORTEST, round(factor * trained)) for factor in self.factors})
        profile = Profile(
            title="Error at other lengths than the trained",
            x_name="length, as a multiple of the trained",
            y_name="mean squared error",
            x=[length / trained for length in lengths],
            y=[self.error(trainer, pl_module, length) for length in lengths],
            logarithmic=True,
            baseline=1 / 6,
            baseline_name="predicting one",
        )
        keep_profile(trainer, self.folder, "error_by_length", profile, f"{self.sequences:,} fresh sequences")

    def error(self, trainer: Trainer, pl_module: LightningModule, length: int) -> float:
        """The mean squared error; the sequences are drawn on the CPU, the same whatever the training device."""
        data = trainer.datamodule
        drawn = data.of_length(length, self.sequences, torch.Generator().manual_seed(SEED))
        x, targets = (part.to(pl_module.device) for part in drawn)  # (N, T, 2), (N, 1)
        plugin = trainer.precision_plugin
        with torch.no_grad(), plugin.forward_context():
            parts = map(plugin.convert_input, x.split(data.eval_batch_size))
            answers = torch.cat([pl_module.model(part).float() for part in parts])  # (N, 1)
        return mse_loss(answers, targets).item()


def is_factor(given: object) -> bool:
    return isinstance(given, int | float) and not isinstance(given, bool) and 0 < given < math.inf
