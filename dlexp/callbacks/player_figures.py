"""figures/players.png: how the two players of a GAN fared, and what the discriminator says of images."""

from pathlib import Path

from lightning.pytorch import Callback, LightningModule, Trainer

from dlexp.callbacks.figures import keep_figure
from dlexp.callbacks.training_history import training_history


class PlayerFigures(Callback):
    """Reads metrics.csv; the task's `game` says what the scores are."""

    def __init__(self, *, folder: str) -> None:
        self.folder = Path(folder)

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if (logged := training_history(trainer, self.folder)) is None:
            return
        from dlexp.reporting.players import players

        history, best_epoch = logged
        figure = players(history, undecided=pl_module.game.undecided, best_epoch=best_epoch)
        keep_figure(trainer, self.folder, "players", figure)
