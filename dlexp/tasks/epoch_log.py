"""When what an epoch of training has gathered is logged: once, with its last batch."""

from abc import ABC, abstractmethod
from typing import Any

from lightning.pytorch import LightningModule


class EpochLog(LightningModule, ABC):
    """For tasks that gather losses on the device, step by step, and read them when the epoch ends."""

    @property
    @abstractmethod
    def pending(self) -> bool:
        """Whether there is anything of the running epoch that was not logged."""

    @abstractmethod
    def log_train(self) -> None:
        """Log it and forget it."""

    def on_train_batch_end(self, outputs: Any, batch: Any, batch_idx: int) -> None:
        if self.trainer.is_last_batch:  # callbacks read the epoch's metrics before our on_train_epoch_end
            self.log_train()

    def on_train_epoch_end(self) -> None:
        if self.pending:  # the epoch was cut short by trainer.max_steps or max_time
            self.log_train()
