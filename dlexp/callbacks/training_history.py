"""What a training has logged, for callbacks that draw it at its end."""

from pathlib import Path
from typing import TYPE_CHECKING

from lightning.pytorch import Trainer

if TYPE_CHECKING:
    from pandas import DataFrame


def training_history(trainer: Trainer, folder: Path) -> "tuple[DataFrame, int | None] | None":
    """metrics.csv and the best epoch, which counts from 0. None on other ranks, and where nothing is logged or kept."""
    table = folder / "metrics.csv"
    if not trainer.is_global_zero or trainer.fast_dev_run or not table.exists():
        return None
    import pandas as pd

    return pd.read_csv(table), getattr(trainer.checkpoint_callback, "best_epoch", None)
