"""figures/descent.png: how gradient descent came to the line of least squared error."""

from pathlib import Path

import torch
from lightning.pytorch import Callback, LightningModule, Trainer

from dlexp.callbacks.figures import keep_figure


class DescentFigures(Callback):
    """Reads the task's `path` (steps + 1 tensors (2, D + 1)) and `solution` (D + 1,), and the training rows."""

    def __init__(self, *, folder: str) -> None:
        self.folder = Path(folder)

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if not trainer.is_global_zero or trainer.fast_dev_run:
            return
        from dlexp.reporting.descent import descent

        data = trainer.datamodule
        path, solution = torch.stack(pl_module.path).double(), pl_module.solution.double()
        x, y = data.features("train").double(), data.labels("train").double()
        figure = descent(*(values.cpu().numpy() for values in (path, solution, x, y)), data.columns)
        keep_figure(trainer, self.folder, "descent", figure)
