"""Classification by hand: the model says its gradients, an update rule makes a step of them, autograd sleeps."""

from collections.abc import Sequence
from typing import Any

import torch
from lightning.fabric.utilities import move_data_to_device
from torch import Tensor, nn

from dlexp.errors import InputError
from dlexp.optim.scratch.rule import Rule, check_rule
from dlexp.tasks.classifier import Classifier
from dlexp.tasks.counted_step import count_step


class ClassificationByHand(Classifier):
    """Trains a model of `dlexp.models.scratch`, which has `loss(scores, labels)` and `gradients(x, labels)`.

    `gradients` returns the scores (B, K) and for each parameter, by its name, the gradient of the batch's mean loss.
    The learning rate goes along a straight line from the rule's own to `final_lr` times that.
    """

    automatic_optimization = False  # of Lightning: we make the steps

    def __init__(
        self,
        *,
        model: nn.Module,
        optimizer: Rule,
        input_shape: Sequence[int],
        num_classes: int,
        final_lr: float,
        monitor: str,
        mode: str,
    ) -> None:
        super().__init__(model=model, input_shape=input_shape, num_classes=num_classes, monitor=monitor, mode=mode)
        if not 0 <= final_lr <= 1:
            raise InputError(f"task.final_lr={final_lr} does not work: give a fraction of the learning rate, 0 to 1")
        if not hasattr(model, "gradients"):
            raise InputError(
                f"model {type(model).__name__} leaves its gradients to autograd, this task learns by hand: choose a "
                "model=… whose name ends in _scratch"
            )
        self.rule = check_rule(optimizer)
        self.lr = optimizer.lr
        self.final_lr = final_lr
        self.logged |= {"train/lr"}
        self.states: dict[str, dict[str, Tensor | int]] = {}  # what the rule remembers of each parameter

    def loss(self, scores: Tensor, labels: Tensor) -> Tensor:
        return self.model.loss(scores, labels)

    def on_train_start(self) -> None:
        self.total_steps = self.trainer.estimated_stepping_batches

    @torch.no_grad()
    def training_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        x, labels = batch  # (B, *input_shape), (B,)
        scores, gradients = self.model.gradients(x, labels)
        self.note(self.model.loss(scores, labels), scores, labels)
        self.rule.lr = self.lr * self.fall()
        self.rule.update(self.model, gradients, self.states)
        count_step(self.trainer)

    def fall(self) -> float:
        """The factor on the learning rate in this step: on the straight line, in the middle of the step."""
        progress = min((self.global_step + 0.5) / self.total_steps, 1.0)
        return 1 + (self.final_lr - 1) * progress

    def train_metrics(self) -> dict[str, Tensor | float]:
        return {"train/lr": self.rule.lr}

    def configure_optimizers(self) -> None:
        """None: there is no optimizer of torch's."""

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        super().on_save_checkpoint(checkpoint)
        checkpoint["rule"] = self.states

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        super().on_load_checkpoint(checkpoint)
        self.states = move_data_to_device(checkpoint["rule"], self.trainer.strategy.root_device)
