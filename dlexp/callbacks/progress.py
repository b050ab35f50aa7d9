"""One line an epoch; on a terminal it is redrawn while the epoch runs."""

import sys
import time

from lightning.pytorch import Callback, LightningModule, Trainer


class Progress(Callback):
    def __init__(self, *, refresh_seconds: float) -> None:
        self.refresh_seconds = refresh_seconds
        self.terminal = sys.stdout.isatty()
        self.validated = False  # in the running epoch
        self.started = self.drawn = 0.0

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.started = self.drawn = time.perf_counter()  # an epoch that is resumed in its middle has no start

    def on_train_epoch_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.started = self.drawn = time.perf_counter()

    def on_train_batch_end(
        self, trainer: Trainer, pl_module: LightningModule, outputs: object, batch: object, batch_idx: int
    ) -> None:
        now = time.perf_counter()
        if self.terminal and now - self.drawn > self.refresh_seconds and trainer.is_global_zero:
            self.drawn = now
            print(f"{epoch(trainer)}  step {batch_idx + 1}/{trainer.num_training_batches}", end="\r", flush=True)

    def on_validation_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.validated = True

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if not trainer.is_global_zero:
            return
        metrics = {k: v.item() for k, v in trainer.callback_metrics.items()}
        train = [name for name in metrics if name.startswith("train/") and name != "train/lr"]
        # Of what is validated only what is also trained, and what chooses the best epoch: the rest is in metrics.csv
        chosen = getattr(trainer.checkpoint_callback, "monitor", None)
        twins = dict.fromkeys([*(name.replace("train/", "val/", 1) for name in train), chosen])
        val = [name for name in twins if name in metrics and name not in train and self.validated]
        shown = "  ".join(f"{name} {digits(metrics[name])}" for name in train + val)
        print(f"{epoch(trainer)}  {shown}  {time.perf_counter() - self.started:.1f} s")
        self.validated = False


def digits(value: float) -> str:
    """Four decimals, as far as they show anything."""
    return f"{value:.4f}" if value == 0 or abs(value) >= 0.001 else f"{value:.1e}"


def epoch(trainer: Trainer) -> str:
    total = f"{trainer.max_epochs}" if trainer.max_epochs != -1 else "?"
    return f"epoch {trainer.current_epoch + 1:{len(total)}}/{total}"
