"""Linear regression twice in one run: by hand, and by torch.nn with autograd; both are measured by the closed form."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from lightning.fabric.utilities import move_data_to_device
from torch import Tensor, nn
from torch.nn.functional import mse_loss
from torch.optim import Optimizer

from dlexp.errors import InputError
from dlexp.optim.scratch.rule import Rule, check_rule
from dlexp.tasks.epoch_log import EpochLog

DIVERGED = 1e6  # times the first loss: it grows in every step, why wait until it is infinite


class LinearRegression(EpochLog):
    """The model by hand, which says its own gradients, and its `twin`, an nn.Linear that begins where it begins.

    Both see the same batches; an update rule by hand steps for the one, a torch optimizer for the other. `path` holds
    where both were before the first step and after each: (2, D + 1) the weights and the bias by hand, then of the twin.
    `solution` (D + 1,) is the least squared error's, on the training rows.

    Loss and r2 (the share of the targets' variance that is explained) of validation and test are those of the model by
    hand. train/difference is the largest so far between a parameter of both, train/distance that of the model by hand
    from the solution.
    """

    automatic_optimization = False  # of Lightning: one of the two has no torch optimizer

    def __init__(
        self,
        *,
        model: nn.Module,
        optimizer: Rule,
        twin: nn.Linear,
        twin_optimizer: Callable[..., Optimizer],
        input_shape: Sequence[int],
        num_classes: int,
        monitor: str,
        mode: str,
    ) -> None:
        super().__init__()
        if num_classes:
            raise InputError(
                f"the data has {num_classes} classes, task=linear_regression learns numbers: choose data=line, "
                "data=diabetes or data=diabetes_all"
            )
        self.model = model
        self.rule = check_rule(optimizer)
        self.twin = twin
        self.twin_optimizer = twin_optimizer
        self.monitor = monitor
        self.mode = mode
        self.example_input_array = torch.zeros(1, *input_shape)
        self.logged = {
            *("train/loss", "train/difference", "train/distance", "val/loss", "val/r2"),
            *("test/loss", "test/loss_twin", "test/loss_closed_form", "test/r2", "test/r2_closed_form"),
        }
        self.states: dict[str, dict[str, Tensor | int]] = {}  # what the rule remembers of each parameter
        self.losses: list[Tensor] = []  # of the running epoch, one () a step
        self.path: list[Tensor] = []  # (2, D + 1) each
        self.difference = torch.zeros(())  # between the parameters of both, the largest of the path
        self.outputs: list[tuple[Tensor, Tensor, Tensor]] = []  # of the running evaluation: inputs, outputs, targets
        with torch.no_grad():
            twin.weight.copy_(model.weight[None])
            twin.bias.copy_(model.bias[None])

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x)

    def configure_optimizers(self) -> Optimizer:
        return self.twin_optimizer(self.twin.parameters())

    def setup(self, stage: str) -> None:
        if self.trainer.world_size > 1:
            raise InputError("the gradient by hand sees the batches of one device: train with trainer.devices=1")
        data = self.trainer.datamodule
        self.solution = self.model.closed_form(data.features("train"), data.labels("train"))  # (D + 1,) float64

    def on_fit_start(self) -> None:
        if not self.path:  # else it goes on
            self.path.append(self.points())

    @torch.no_grad()
    def points(self) -> Tensor:
        """(2, D + 1): the weights and the bias by hand, and of the twin."""
        return torch.stack(
            [
                torch.cat([self.model.weight, self.model.bias[None]]),
                torch.cat([self.twin.weight[0], self.twin.bias]),
            ]
        )

    def training_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        x, targets = batch  # (B, D), (B,)
        self.step_by_hand(x, targets)
        self.step_of_twin(x, targets)
        self.path.append(self.points())
        if len(self.losses) % self.trainer.log_every_n_steps == 0:  # seldom: reading the loss waits for it
            self.check_loss()

    @torch.no_grad()
    def step_by_hand(self, x: Tensor, targets: Tensor) -> None:
        outputs, gradients = self.model.gradients(x, targets)
        self.losses.append(self.model.loss(outputs, targets))
        self.rule.update(self.model, gradients, self.states)

    def step_of_twin(self, x: Tensor, targets: Tensor) -> None:
        optimizer = self.optimizers()
        optimizer.zero_grad()
        self.manual_backward(mse_loss(self.twin(x).squeeze(1), targets))
        optimizer.step()

    def check_loss(self) -> None:
        first, last = self.first_loss(), self.losses[-1].item()
        if not last <= DIVERGED * max(first, 1.0):  # also if it is no number
            raise InputError(
                f"the loss became {last:.3g} in epoch {self.current_epoch + 1}, step {self.global_step}; it was "
                f"{first:.3g} at the start: the steps are too long, lower optimizer.lr"
            )

    def first_loss(self) -> float:
        """Of all training rows, where the path begins."""
        data = self.trainer.datamodule
        weight, bias = self.path[0][0, :-1], self.path[0][0, -1]
        return self.model.loss(data.features("train") @ weight + bias, data.labels("train")).item()

    @property
    def pending(self) -> bool:
        return bool(self.losses)

    def log_train(self) -> None:
        self.check_loss()
        path = torch.stack(self.path[-len(self.losses) :])  # (S, 2, D + 1), of this epoch
        self.difference = largest_difference(path).maximum(self.difference.to(path))
        metrics = {
            "train/loss": torch.stack(self.losses).mean(),
            "train/difference": self.difference,
            "train/distance": (path[-1, 0] - self.solution.to(path)).norm(),
        }
        self.log_dict(metrics, on_step=False, on_epoch=True, batch_size=1)
        self.losses = []

    def validation_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        x, targets = batch
        self.outputs.append((x, self(x), targets))

    def on_validation_epoch_start(self) -> None:
        self.outputs = []

    def on_validation_epoch_end(self) -> None:
        _, outputs, targets = self.gathered()
        self.log("val/loss", self.model.loss(outputs, targets))
        self.log("val/r2", explained(outputs, targets))

    def gathered(self) -> tuple[Tensor, Tensor, Tensor]:
        """Of the whole split: inputs (N, D), outputs (N,) by hand, targets (N,)."""
        x, outputs, targets = (torch.cat(parts) for parts in zip(*self.outputs, strict=True))
        return x, outputs, targets

    def on_test_epoch_start(self) -> None:
        self.outputs = []

    def test_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        self.validation_step(batch, batch_idx)

    def on_test_epoch_end(self) -> None:
        x, outputs, targets = self.gathered()
        weight, bias = self.solution[:-1].to(x), self.solution[-1].to(x)
        solved = x @ weight + bias  # (N,)
        self.log("test/loss", self.model.loss(outputs, targets))
        self.log("test/loss_twin", mse_loss(self.twin(x).squeeze(1), targets))
        self.log("test/loss_closed_form", self.model.loss(solved, targets))
        self.log("test/r2", explained(outputs, targets))
        self.log("test/r2_closed_form", explained(solved, targets))

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keep what the rule remembers, the path, and what the running epoch has gathered."""
        checkpoint["rule"] = self.states
        checkpoint["path"] = torch.stack(self.path)  # (S, 2, D + 1)
        checkpoint["losses"] = torch.stack(self.losses) if self.losses else torch.empty(0)

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        device = self.trainer.strategy.root_device
        self.states = move_data_to_device(checkpoint["rule"], device)
        self.path = list(checkpoint["path"].to(device).unbind())
        self.difference = largest_difference(checkpoint["path"])
        self.losses = list(checkpoint["losses"].to(device).unbind())


def largest_difference(path: Tensor) -> Tensor:
    """Between a parameter by hand and the twin's, anywhere on the path (S, 2, D + 1)."""
    return (path[:, 0] - path[:, 1]).abs().max()


def explained(outputs: Tensor, targets: Tensor) -> Tensor:
    """R²: 1 for outputs (N,) that equal the targets (N,), 0 for their mean, less for what is worse than that."""
    return 1 - (outputs - targets).square().sum() / (targets - targets.mean()).square().sum()
