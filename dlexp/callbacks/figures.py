"""Where a figure goes: figures/NAME.png, and TensorBoard where it is on."""

import warnings
from pathlib import Path

from lightning.pytorch import Trainer
from lightning.pytorch.loggers import TensorBoardLogger
from matplotlib.figure import Figure


def keep_figure(trainer: Trainer, folder: Path, name: str, figure: Figure) -> None:
    path = folder / "figures" / f"{name}.png"
    path.parent.mkdir(exist_ok=True)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from")  # a letter of the user's, drawn as a box
        figure.savefig(path)
    for logger in trainer.loggers:
        if isinstance(logger, TensorBoardLogger):
            logger.experiment.add_figure(name, figure, trainer.global_step, close=False)
