"""Exponential moving average of the weights (Polyak and Juditsky 1992, in the form that deep nets use)."""

from typing import Any

from lightning.pytorch import LightningModule, Trainer
from lightning.pytorch.callbacks import WeightAveraging
from torch.optim.swa_utils import get_ema_multi_avg_fn


class EMA(WeightAveraging):
    """Validation, test and the checkpoint's `state_dict` use the average; training goes on with its own weights.

    Lightning's own EMA updates tensor by tensor; this one updates all at once. Buffers are averaged as well, so
    that batch normalisation's statistics belong to the weights.
    """

    def __init__(self, *, decay: float, every_n_steps: int) -> None:
        super().__init__(use_buffers=True, multi_avg_fn=get_ema_multi_avg_fn(decay))
        self.every_n_steps = every_n_steps

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        super().setup(trainer, pl_module, stage)
        if stage == "fit":
            # Lightning copies the network before it is moved to the device; the average would stay on the CPU. The
            # counter of updates may stay there: to read it waits for nothing.
            self._average_model.module.to(trainer.strategy.root_device)

    def on_load_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        if trainer.state.fn == "fit":  # Lightning would test the weights that were being trained, not their average
            super().on_load_checkpoint(trainer, pl_module, checkpoint)

    def should_update(self, step_idx: int | None = None, epoch_idx: int | None = None) -> bool:
        return step_idx is not None and step_idx % self.every_n_steps == 0
