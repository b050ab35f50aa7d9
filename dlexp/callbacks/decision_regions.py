"""figures/decision_regions.png: the plane as the trained classifier divides it, with the points of the test split."""

from pathlib import Path

from lightning.pytorch import Callback, LightningModule, Trainer

from dlexp.callbacks.figures import keep_figure
from dlexp.callbacks.plane import box_around, is_plane, shares


class DecisionRegions(Callback):
    """Does nothing where the samples are not points in the plane. `cells` is the fineness of the figure, each way."""

    def __init__(self, *, folder: str, cells: int) -> None:
        self.folder = Path(folder)
        self.cells = cells

    def on_test_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        data = trainer.datamodule
        if not trainer.is_global_zero or trainer.fast_dev_run or not is_plane(data):
            return
        from dlexp.reporting.decision_regions import decision_regions

        points, labels = data.features("test"), data.labels("test")
        predicted = pl_module(points).argmax(1)  # (N,)
        right = (predicted == labels).float().mean().item()
        box = box_around(points)
        figure = decision_regions(
            shares(pl_module, pl_module, box, self.cells, points.device).numpy(),
            box=box,
            points=points.cpu().numpy(),
            labels=labels.cpu().numpy(),
            predicted=predicted.cpu().numpy(),
            classes=data.classes,
            axes_names=data.columns,
            heading=f"Decision regions · {100 * right:.1f} % of {len(labels):,} test points right",
        )
        keep_figure(trainer, self.folder, "decision_regions", figure)
