"""Ctrl-C, SIGTERM and job_timeout end a training between two steps, with a checkpoint, not in the middle of one."""

import signal
from pathlib import Path
from types import FrameType, TracebackType

from lightning.pytorch import Callback, LightningModule, Trainer

from dlexp.errors import stop

SIGNALS = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGALRM") if hasattr(signal, name)]


class Interrupt(Callback):
    """A context around a whole run. A first signal waits for the end of the training step, a second does not."""

    def __init__(self, *, folder: Path) -> None:
        self.last = folder / "checkpoints" / "last.ckpt"
        self.training = False
        self.requested: int | None = None

    def __enter__(self) -> "Interrupt":
        self.before = {number: signal.getsignal(number) for number in SIGNALS}
        self.listen()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self.before.items():
            signal.signal(number, handler)

    def listen(self) -> None:
        for number in SIGNALS:
            signal.signal(number, self.hear)

    def hear(self, number: int, frame: FrameType | None) -> None:
        if not self.training or self.requested is not None:
            raise stop(number)
        self.requested = number

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.listen()  # the trainer has put its own handler of SIGTERM before ours
        self.training = True

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: object, batch: object, batch_idx: int
    ) -> None:
        stepped = (batch_idx + 1) % trainer.accumulate_grad_batches == 0  # gradients are not in a checkpoint
        if stepped and not trainer.is_last_batch and self.agreed(trainer, batch_idx):
            trainer.save_checkpoint(self.last)
            raise stop(self.requested)

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if self.agreed(trainer):  # the epoch before was finished, validated and saved
            raise stop(self.requested)

    def agreed(self, trainer: Trainer, batch_idx: int | None = None) -> bool:
        """Whether to stop now. Of several ranks one may have heard of it, and all must stop at the same step.

        To ask each other is a pause: within an epoch they do it as seldom as they log.
        """
        if trainer.world_size > 1:
            if batch_idx is not None and (batch_idx + 1) % trainer.log_every_n_steps:
                return False
            if trainer.strategy.reduce_boolean_decision(self.requested is not None, all=False):
                self.requested = self.requested or signal.SIGTERM
        return self.requested is not None

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.training = False
        if self.requested is not None:
            raise stop(self.requested)
