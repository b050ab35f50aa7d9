"""figures/admission_map.png: who would be admitted, over grades and rank."""

from pathlib import Path

import numpy as np
import torch
from lightning.pytorch import Callback, LightningModule, Trainer

from dlexp.callbacks.figures import keep_figure

RANKS = (1, 2, 3, 4)
SPLITS = ("train", "val", "test")


class AdmissionMap(Callback):
    """Asks the tested network about applicants on a grid of gre and gpa, `cells` each way, for each rank.

    The data offer `applicants(split)`, `encode(gre, gpa, rank)` and `source`.
    """

    def __init__(self, *, folder: str, cells: int) -> None:
        self.folder = Path(folder)
        self.cells = cells
        self.source = ""

    @property
    def summary(self) -> dict[str, str]:
        """What result.json keeps of it: whose applicants these were."""
        return {"source": self.source}

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        self.source = getattr(trainer.datamodule, "source", "")

    def on_test_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if not trainer.is_global_zero or trainer.fast_dev_run or not hasattr(trainer.datamodule, "applicants"):
            return
        from dlexp.reporting.admissions import admission_map

        data = trainer.datamodule
        applicants = np.concatenate([data.applicants(split) for split in SPLITS])  # (N, 4)
        lowest = np.floor(10 * applicants[:, 1:3].min(0)) / 10  # (2,)
        gre, gpa = np.linspace(lowest[0], 800, self.cells), np.linspace(lowest[1], 4, self.cells)  # (W,), (H,)
        across, up, rank = (part.ravel() for part in np.meshgrid(gre, gpa, RANKS, indexing="xy"))  # (H W 4,) each
        with torch.inference_mode():
            scores = pl_module.score(data.encode(across, up, rank)).float()  # (H W 4, 2)
        maps = scores.softmax(1)[:, 1].cpu().numpy().reshape(self.cells, self.cells, len(RANKS))  # (H, W, 4)

        metrics = trainer.callback_metrics
        figure = admission_map(
            maps.transpose(2, 0, 1),
            gre=gre,
            gpa=gpa,
            applicants=applicants,
            source=self.source,
            accuracy=metrics["test/accuracy"].item(),
            majority=(data.applicants("test")[:, 0] == 0).mean(),
        )
        keep_figure(trainer, self.folder, "admission_map", figure)
