"""val/majority_accuracy, test/majority_accuracy: what one gets by always giving the commonest answer."""

from lightning.pytorch import Callback, LightningModule, Trainer


class Majority(Callback):
    """Names the imbalance of the classes: an accuracy is worth what it has above that of the commonest class.

    The commonest of the training split, judged on the split at hand.
    """

    logged = frozenset(("val/majority_accuracy", "test/majority_accuracy"))

    def on_validation_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.judge(trainer, pl_module, "val")

    def on_test_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.judge(trainer, pl_module, "test")

    def judge(self, trainer: Trainer, pl_module: LightningModule, split: str) -> None:
        commonest = trainer.datamodule.labels("train").mode().values
        share = (trainer.datamodule.labels(split) == commonest).float().mean()
        pl_module.log(f"{split}/majority_accuracy", share)
