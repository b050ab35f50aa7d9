"""How long an epoch of training takes, how many samples a second, and how much memory at the peak."""

import statistics
import sys
import time
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer


class Speed(Callback):
    """Times the training part of an epoch, validation left out. Waits for a GPU twice an epoch, never in a step.

    Its numbers travel in the checkpoint, so a resumed run tells of all its epochs.
    """

    def __init__(self) -> None:
        self.seconds: list[float] = []  # one number an epoch
        self.samples: list[int] = []
        self.peak = 0
        self.cuda: torch.device | None = None
        self.seen, self.spent = 0, 0.0  # in an epoch that was stopped in its middle, before it goes on here

    @property
    def summary(self) -> dict[str, Any]:
        """What result.json keeps: medians without the first epoch, which also warms up, where there are more."""
        if not self.seconds:
            return {}
        seconds, samples = (values[1:] or values for values in (self.seconds, self.samples))
        return {
            "epochs": len(self.seconds),
            "seconds_per_epoch": statistics.median(seconds),
            "throughput": statistics.median(n / s for n, s in zip(samples, seconds, strict=True)),
            "peak_memory": self.peak,
        }

    def on_fit_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.cuda = pl_module.device if pl_module.device.type == "cuda" else None
        if self.cuda:
            torch.cuda.reset_peak_memory_stats(self.cuda)
        else:
            reset_peak_resident()

    def clock(self) -> float:
        if self.cuda:
            torch.cuda.synchronize(self.cuda)
        return time.perf_counter()

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.validating = 0.0
        self.started = self.clock() - self.spent

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.seen = 0
        self.validating = 0.0
        self.started = self.clock()

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: object, batch: Any, batch_idx: int
    ) -> None:
        self.seen += len(batch[0])

    def on_validation_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.paused = self.clock()

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if trainer.state.fn == "fit":
            self.validating += self.clock() - self.paused

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.seconds.append(self.clock() - self.started - self.validating)
        self.samples.append(self.seen * trainer.world_size)

    def on_save_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        spent = self.clock() - self.started - self.validating
        checkpoint["speed"] = {"epochs": [self.seconds, self.samples], "seen": self.seen, "spent": spent}

    def on_load_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        if trainer.state.fn == "fit":
            speed = checkpoint["speed"]
            (self.seconds, self.samples), self.seen, self.spent = speed["epochs"], speed["seen"], speed["spent"]

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.peak = torch.cuda.max_memory_allocated(self.cuda) if self.cuda else peak_resident()


def reset_peak_resident() -> None:
    """Linux counts the peak anew after this write; without it a study's later jobs would inherit the largest one."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return  # not Linux, or not allowed: the peak is that of the process


def peak_resident() -> int:
    """Bytes."""
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        import resource

        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * 1024
    return int(status.split("VmHWM:")[1].split()[0]) * 1024
