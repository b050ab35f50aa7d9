"""figures/decision_regions_growth.png: how the plane is divided at the beginning, and after more and more epochs."""

from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from torch import Tensor

from dlexp.callbacks.figures import keep_figure
from dlexp.callbacks.plane import box_around, is_plane, shares
from dlexp.errors import InputError


class DecisionGrowth(Callback):
    """Keeps the model's weights at `panels` epochs, spaced geometrically.

    The weights travel in the checkpoint: a resumed run tells the whole story. Does nothing where the samples are not
    points in the plane.
    """

    def __init__(self, *, folder: str, cells: int, panels: int) -> None:
        if not isinstance(panels, int) or panels < 2:
            raise InputError(f"decision_growth.panels={panels}: give a number of panels, 2 or more")
        self.folder = Path(folder)
        self.cells = cells
        self.panels = panels
        self.epochs: set[int] = set()
        self.weights: dict[int, dict[str, Tensor]] = {}  # by the number of epochs done

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.epochs = spread(trainer.max_epochs or 0, self.panels) if is_plane(trainer.datamodule) else set()
        if trainer.global_step == 0:
            self.keep(0, pl_module)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.keep(trainer.current_epoch + 1, pl_module)

    def keep(self, epoch: int, pl_module: LightningModule) -> None:
        if epoch in self.epochs:
            self.weights[epoch] = {name: value.clone() for name, value in pl_module.model.state_dict().items()}

    @torch.no_grad()
    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if not trainer.is_global_zero or trainer.fast_dev_run or not self.weights:
            return
        from dlexp.reporting.decision_regions import decision_regions_growth

        data = trainer.datamodule
        split, name = ("val", "validation") if "val" in data.splits else ("train", "training")
        points, box = data.features("train"), box_around(data.features("train"))
        model = deepcopy(pl_module.model).to(points.device).eval()
        pictures, titles = [], []
        for epoch, weights in self.weights.items():
            model.load_state_dict(weights)
            right = (model(data.features(split)).argmax(1) == data.labels(split)).float().mean().item()
            pictures.append(shares(pl_module, model, box, self.cells, points.device).numpy())
            titles.append(f"{'before training' if epoch == 0 else f'epoch {epoch}'} · {100 * right:.1f} %")
        figure = decision_regions_growth(
            pictures,
            titles,
            box=box,
            points=points.cpu().numpy(),
            labels=data.labels("train").cpu().numpy(),
            heading=f"Decision regions as they grow, with the training points and {name} accuracy",
        )
        keep_figure(trainer, self.folder, "decision_regions_growth", figure)

    def on_save_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        checkpoint["decision_growth"] = self.weights

    def on_load_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        if trainer.state.fn == "fit":
            self.weights = checkpoint.get("decision_growth", {})


def spread(last: int, count: int) -> set[int]:
    """`count` epochs from 0 to `last`, in steps that grow by the same factor as far as whole numbers can."""
    if last < count:
        return set(range(last + 1))
    epochs = [0]
    for wish in np.geomspace(last, 1, count - 1)[::-1]:
        epochs.append(max(round(wish), epochs[-1] + 1))
    return set(epochs)
