"""figures/perceptron.png: when a perceptron is mistaken, and in the plane how each mistake moves its boundary."""

from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from torch import Tensor

from dlexp.callbacks.figures import keep_figure
from dlexp.callbacks.plane import box_around, is_plane


class PerceptronFigure(Callback):
    """Keeps which samples were mistakes, counted from the first one met; they travel in the checkpoint.

    Where the samples are points in the plane and the model has one weight (2,) and one bias (), it keeps these as they
    were after each mistake, too.
    """

    def __init__(self, *, folder: str) -> None:
        self.folder = Path(folder)
        self.met = 0
        self.when: list[Tensor] = []  # (M,) of each batch
        self.planes: list[Tensor] = []  # (M, 3) of each batch: weights and bias after each mistake

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        (x, labels), mistakes = batch, outputs["mistakes"]
        self.when.append(self.met + mistakes)
        self.met += len(labels)
        if is_plane(trainer.datamodule) and pl_module.model.weight.ndim == 1:
            y, z = 2.0 * labels[mistakes, None] - 1, x[mistakes].double()
            moves = torch.cat([y * z, y], 1)  # (M, 3)
            last = torch.cat([pl_module.model.weight, pl_module.model.bias[None]])  # (3,)
            self.planes.append(last - moves.sum(0) + moves.cumsum(0))

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if not trainer.is_global_zero or trainer.fast_dev_run or not self.when:
            return
        from dlexp.reporting.perceptron_plots import perceptron

        data, plane = trainer.datamodule, None
        if self.planes:
            points = data.features("train")
            plane = {
                "planes": torch.cat(self.planes).cpu().numpy(),
                "points": points.cpu().numpy(),
                "labels": data.labels("train").cpu().numpy(),
                "box": box_around(points),
                "axes_names": data.columns,
            }
        figure = perceptron(
            torch.cat(self.when).cpu().numpy(),
            met=self.met,
            samples=len(data.labels("train")),
            bound=pl_module.bound,
            plane=plane,
        )
        keep_figure(trainer, self.folder, "perceptron", figure)

    def on_save_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        kept = {name: torch.cat(getattr(self, name)) for name in ("when", "planes") if getattr(self, name)}
        checkpoint["perceptron_figure"] = {"met": self.met, **kept}

    def on_load_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        kept = checkpoint.get("perceptron_figure")
        if trainer.state.fn == "fit" and kept:
            device = trainer.strategy.root_device
            self.met = kept["met"]
            self.when, self.planes = ([kept[name].to(device)] if name in kept else [] for name in ("when", "planes"))
