"""figures/samples_over_time.png and .gif: what becomes of the same noise while a network learns to draw."""

import math
from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from torch import Tensor

from dlexp.callbacks.counts import check_counts
from dlexp.callbacks.figures import keep_figure

SEED = 0  # of the noise


class SamplesOverTime(Callback):
    """Keeps `count` images after the epochs 0, 1, 2, …, from 10 on ten of each decade, and after the last.

    Early in training more changes. They travel in the checkpoint, uint8 on the CPU: 0.6 MB of 36 images with 28 x 28
    pixels after 200 epochs. The picture shows the first `rows` of them at `columns` epochs, the film, `seconds` long,
    all. The task offers `generate(n, generator)`.
    """

    def __init__(self, *, folder: str, count: int, rows: int, columns: int, seconds: float) -> None:
        check_counts("samples_over_time", count=count, rows=rows, columns=columns)
        self.folder = Path(folder)
        self.count = count
        self.rows = rows
        self.columns = columns
        self.seconds = seconds
        self.epochs: list[int] = []  # how many had been trained
        self.images: list[Tensor] = []  # after each of them, uint8 (N, C, H, W)

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if not self.epochs:
            self.keep(trainer, pl_module, 0)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if is_kept(trainer.current_epoch + 1):
            self.keep(trainer, pl_module, trainer.current_epoch + 1)

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if trainer.fast_dev_run or not self.epochs:  # nothing was trained
            return
        if self.epochs[-1] < trainer.current_epoch:
            self.keep(trainer, pl_module, trainer.current_epoch)
        if not trainer.is_global_zero:
            return
        from dlexp.reporting.atomic import write_bytes
        from dlexp.reporting.samples_over_time import film, samples_over_time

        images = torch.stack(self.images).numpy() / 255  # (T, N, C, H, W)
        figure = samples_over_time(images[:, : self.rows], self.epochs, columns=self.columns)
        keep_figure(trainer, self.folder, "samples_over_time", figure)
        moving = film(images, self.epochs, seconds=self.seconds)
        write_bytes(self.folder / "figures" / "samples_over_time.gif", moving)

    def keep(self, trainer: Trainer, pl_module: LightningModule, epoch: int) -> None:
        if trainer.fast_dev_run:
            return
        with torch.inference_mode():
            images = pl_module.generate(self.count, torch.Generator().manual_seed(SEED))  # (N, C, H, W)
        self.epochs.append(epoch)
        self.images.append(images.mul(255).round().to("cpu", torch.uint8).clone())

    def state_dict(self) -> dict[str, Any]:
        return {"epochs": self.epochs, "images": torch.stack(self.images) if self.images else None}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.epochs = state["epochs"]
        self.images = [] if state["images"] is None else list(state["images"].unbind())


def is_kept(epoch: int) -> bool:
    """Of 1, 2, … those that are a whole tenth of a power of ten, rounded: 8, 10, 13, 16, 20, 25, 32, …"""
    nearest = round(10 * math.log10(epoch))
    return any(epoch == round(10 ** (place / 10)) for place in range(nearest - 1, nearest + 2))
