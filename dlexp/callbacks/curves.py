"""figures/curves.png: loss and metrics over the epochs."""

from pathlib import Path

from lightning.pytorch import Callback, LightningModule, Trainer

from dlexp.callbacks.figures import keep_figure


class Curves(Callback):
    def __init__(self, *, folder: str) -> None:
        self.folder = Path(folder)

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        table = self.folder / "metrics.csv"
        if not trainer.is_global_zero or not table.exists():
            return
        import pandas as pd

        from dlexp.reporting.plots import curve_names, curves

        history, checkpoint = pd.read_csv(table), trainer.checkpoint_callback
        names = curve_names(history, getattr(checkpoint, "monitor", None))
        figure = curves(history, names=names, best_epoch=getattr(checkpoint, "best_epoch", None))
        keep_figure(trainer, self.folder, "curves", figure)
