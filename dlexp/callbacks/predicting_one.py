"""val/mse_of_predicting_one and test/mse_of_predicting_one: what it costs not to remember anything."""

import torch
from lightning.pytorch import Callback, LightningModule, Trainer


class PredictingOne(Callback):
    """Logs the mean squared error of the answer 1, the mean of the sum of two numbers from 0..1: about 1/6, their
    variance.
    """

    logged = frozenset(("val/mse_of_predicting_one", "test/mse_of_predicting_one"))

    def on_validation_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.log_error(trainer, pl_module, "val")

    def on_test_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.log_error(trainer, pl_module, "test")

    def log_error(self, trainer: Trainer, pl_module: LightningModule, split: str) -> None:
        targets = trainer.datamodule.labels(split)  # (N, 1)
        error = torch.nn.functional.mse_loss(torch.ones_like(targets), targets)
        pl_module.log(f"{split}/mse_of_predicting_one", error, sync_dist=True)
