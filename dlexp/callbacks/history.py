"""metrics.csv: a row an epoch of every logged scalar."""

import csv
import io
from pathlib import Path
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer

from dlexp.reporting.atomic import write_text


class History(Callback):
    """Its rows travel in the checkpoint, so a resumed run tells the whole story."""

    def __init__(self, *, folder: str) -> None:
        self.folder = Path(folder)
        self.rows: list[dict[str, float]] = []
        self.stages: tuple[str, ...] = ("train/",)  # of the running epoch; Lightning keeps older metrics as well

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.stages = ("train/", "val/")

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.add(trainer, self.stages, epoch=trainer.current_epoch)
        self.stages = ("train/",)

    def on_test_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.add(trainer, ("test/",))  # of the best checkpoint, so of no epoch

    def add(self, trainer: Trainer, stages: tuple[str, ...], **where: int) -> None:
        metrics = {k: v.item() for k, v in trainer.callback_metrics.items() if k.startswith(stages)}
        self.rows.append({"step": trainer.global_step, **where, **metrics})
        if trainer.is_global_zero and not trainer.fast_dev_run:
            write_text(self.folder / "metrics.csv", self.table())

    def table(self) -> str:
        columns = list(dict.fromkeys(name for row in self.rows for name in row))  # in order of appearance
        text = io.StringIO()
        writer = csv.DictWriter(text, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(self.rows)
        return text.getvalue()

    def on_save_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        checkpoint["history"] = self.rows

    def on_load_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        if trainer.state.fn == "fit":  # testing the best checkpoint must not forget the epochs after it
            self.rows = checkpoint["history"]
