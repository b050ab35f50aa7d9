"""A callback that ends its job in the way it is told, in the second epoch."""

import os
import signal
import time

from lightning.pytorch import Callback, LightningModule, Trainer


class Die(Callback):
    def __init__(self, *, how: str) -> None:
        self.how = how

    def on_train_batch_start(self, trainer: Trainer, pl_module: LightningModule, batch: object, batch_idx: int) -> None:
        if trainer.current_epoch != 1:
            return
        match self.how:
            case "raise":
                raise RuntimeError("a bug in a callback")
            case "memory":
                raise MemoryError("out of memory: tried to allocate a lot")
            case "diverge":
                for parameter in pl_module.parameters():
                    parameter.data.fill_(float("nan"))
            case "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            case "crash":
                os.kill(os.getpid(), signal.SIGSEGV)
            case "sleep":
                time.sleep(600)
            case "stop":
                os.kill(os.getpid(), signal.SIGTERM)
