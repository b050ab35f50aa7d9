"""figures/players.png: how the two players of a GAN fared, and what the discriminator says of images."""

from pathlib import Path

from lightning.pytorch import Callback, LightningModule, Trainer

from dlexp.callbacks.figures import keep_figure


class PlayerFigures(Callback):
    """Reads metrics.csv; the task's `game` says what the scores are."""

    def __init__(self, *, folder: str) -> None:
        self.folder = Path(folder)

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        table = self.folder / "metrics.csv"
        if not trainer.is_global_zero or trainer.fast_dev_run or not table.exists():
            return
        import pandas as pd

        from dlexp.reporting.players import players

        best_epoch = getattr(trainer.checkpoint_callback, "best_epoch", None)
        figure = players(pd.read_csv(table), undecided=pl_module.game.undecided, best_epoch=best_epoch)
        keep_figure(trainer, self.folder, "players", figure)
