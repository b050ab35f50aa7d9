"""Callbacks that a benchmark adds to a run from the command line."""

import os

from lightning.pytorch import Callback, LightningModule, Trainer
from turns import Turns


class EpochInTurn(Callback):
    """From the start of one epoch to the start of the next: training, validation, logs, checkpoint, all of it."""

    def __init__(self) -> None:
        self.turns = Turns()

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.turns.next()


class EndAtFirstStep(Callback):
    """The process lives from the command to the first training step."""

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: object, batch_idx: int) -> None:
        os._exit(0)
