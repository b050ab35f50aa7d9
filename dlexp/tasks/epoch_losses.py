"""What tasks share that learn without classes by autograd: losses noted in each step, their means in each epoch."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from dlexp.errors import Diverged
from dlexp.tasks.by_autograd import ByAutograd, check_autograd
from dlexp.tasks.epoch_log import EpochLog


class EpochLosses(ByAutograd, EpochLog):
    """A subclass hands the losses of each training step to `note`, and adds what else it logs to `logged`.

    They stay on the device until the epoch ends and are part of a checkpoint: a run that was stopped within an epoch
    reports what an unbroken one would.
    """

    remedy = "lower optimizer.lr, set trainer.gradient_clip_val=1 or train with trainer.precision=32-true"

    def __init__(
        self,
        *,
        model: nn.Module,
        optimizer: Callable[..., Optimizer],
        scheduler: Callable[..., LRScheduler],
        monitor: str,
        mode: str,
    ) -> None:
        super().__init__()
        check_autograd(model, optimizer)
        self.model = model
        self.optimizer = optimizer
        self.scheduler = scheduler
        self.monitor = monitor
        self.mode = mode
        self.logged = {"train/lr"}
        self.losses: dict[str, list[Tensor]] = {}  # of the running epoch by name, one () a step, on the device
        self.noted = 0  # steps

    def note(self, **losses: Tensor) -> None:
        """Remember losses () of a step, each by the name under which train/… will have it."""
        for name, loss in losses.items():
            self.losses.setdefault(name, []).append(loss.detach())
        self.noted += 1
        if self.noted % self.trainer.log_every_n_steps == 0:  # seldom: reading a loss waits for it
            self.check_losses(losses)

    def check_losses(self, losses: dict[str, Tensor]) -> None:
        for name, loss in losses.items():
            if not torch.isfinite(loss):
                raise Diverged(
                    f"{name.replace('_', ' ')} became {loss.item()} in epoch {self.current_epoch + 1}, step "
                    f"{self.global_step}: {self.remedy}"
                )

    @property
    def pending(self) -> bool:
        return bool(self.losses)

    def log_train(self) -> None:
        means = {name: torch.stack(losses).float().mean() for name, losses in self.losses.items()}
        self.check_losses(means)
        values = {f"train/{name}": mean for name, mean in means.items()} | self.train_metrics()
        self.log_dict(values, on_step=False, on_epoch=True, sync_dist=True, batch_size=1)
        self.losses = {}

    def train_metrics(self) -> dict[str, Tensor | float]:
        """What else is worth logging at the end of an epoch; `logged` must name it, too."""
        optimizers = self.optimizers()
        first = optimizers[0] if isinstance(optimizers, list) else optimizers
        return {"train/lr": first.param_groups[0]["lr"]}

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        checkpoint["epoch_so_far"] = {name: torch.stack(losses) for name, losses in self.losses.items()}

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        device = self.trainer.strategy.root_device
        self.losses = {name: list(losses.to(device).unbind()) for name, losses in checkpoint["epoch_so_far"].items()}
