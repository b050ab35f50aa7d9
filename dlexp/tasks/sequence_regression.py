"""Sequence regression, many to one: a sequence of numbers is read, then one number is said."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import mse_loss
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from dlexp.errors import InputError
from dlexp.tasks.epoch_losses import EpochLosses
from dlexp.tasks.trial_pass import as_text, trial_pass


class SequenceRegression(EpochLosses):
    """Trains `model` to make of sequences (B, T, D) the numbers (B, 1), by their mean squared error (`mse`)."""

    def __init__(
        self,
        *,
        model: nn.Module,
        optimizer: Callable[..., Optimizer],
        scheduler: Callable[..., LRScheduler],
        input_shape: Sequence[int],
        monitor: str,
        mode: str,
    ) -> None:
        super().__init__(model=model, optimizer=optimizer, scheduler=scheduler, monitor=monitor, mode=mode)
        self.example_input_array = torch.zeros(1, *input_shape)  # (1, T, D)
        check_model(model, self.example_input_array)
        self.logged |= {f"{stage}/mse" for stage in ("train", "val", "test")}

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x)  # (B, 1)

    def training_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> Tensor:
        x, targets = batch  # (B, T, D), (B, 1)
        error = mse_loss(self.model(x), targets)
        self.note(mse=error)
        return error

    def validation_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        self.judge("val", *batch)

    def test_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> Tensor:
        """The answers (B, 1), for callbacks that show them."""
        return self.judge("test", *batch)

    def judge(self, stage: str, x: Tensor, targets: Tensor) -> Tensor:
        answers = self.model(x)  # (B, 1)
        wide = torch.promote_types(answers.dtype, torch.float32)
        error = mse_loss(answers.to(wide), targets.to(wide))
        self.log(f"{stage}/mse", error, on_step=False, on_epoch=True, batch_size=len(x), sync_dist=True)
        return answers


def check_model(model: nn.Module, example: Tensor) -> None:
    """Send one sequence (1, T, D) through. InputError if that cannot be, or does not give one number."""
    if example.ndim != 3:
        raise InputError(
            f"this task reads sequences (steps x numbers a step), the data's samples are {as_text(example)}: choose "
            "data=adding"
        )
    answer = trial_pass(model, example)
    if answer.shape != (1, 1):
        raise InputError(
            f"model {type(model).__name__} gives {as_text(answer)} numbers for a sequence, this task wants one: choose "
            "one such as model=lstm"
        )
