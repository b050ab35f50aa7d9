"""figures/curves.png: loss and metrics over the epochs."""

from pathlib import Path

from lightning.pytorch import Callback, LightningModule, Trainer

from dlexp.callbacks.figures import keep_figure
from dlexp.callbacks.training_history import training_history


class Curves(Callback):
    def __init__(self, *, folder: str) -> None:
        self.folder = Path(folder)

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if (logged := training_history(trainer, self.folder)) is None:
            return
        from dlexp.reporting.plots import curve_names, curves

        history, best_epoch = logged
        names = curve_names(history, getattr(trainer.checkpoint_callback, "monitor", None))
        keep_figure(trainer, self.folder, "curves", curves(history, names=names, best_epoch=best_epoch))
