"""figures/batch_sizes.png: how lines with different batch sizes came down the same surface."""

from pathlib import Path

import torch
from lightning.pytorch import Callback, LightningModule, Trainer

from dlexp.callbacks.figures import keep_figure


class BatchSizeFigures(Callback):
    """Reads what the task GradientDescent keeps: `path`, `batch_sizes`, `solution`, and the training samples."""

    def __init__(self, *, folder: str) -> None:
        self.folder = Path(folder)

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if not trainer.is_global_zero or trainer.fast_dev_run:
            return
        from dlexp.reporting.batch_size_plots import batch_sizes

        data = trainer.datamodule
        path = torch.stack(pl_module.path)  # (S + 1, W, 2)
        arrays = (path, pl_module.solution, data.features("train")[:, 0])
        figure = batch_sizes(*(a.double().cpu().numpy() for a in arrays), sizes=pl_module.batch_sizes)
        keep_figure(trainer, self.folder, "batch_sizes", figure)
