"""Classification by autograd: cross-entropy to learn, accuracy and its relatives to judge."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from dlexp.errors import InputError
from dlexp.optim.decay import parameter_groups
from dlexp.tasks.classifier import Classifier


class Classification(Classifier):
    """Trains `model` to give the label of an image, or of any other sample.

    `optimizer` and `scheduler` are partial: the first is called with parameter groups, the second with the
    optimizer and `total_steps`. Training metrics are those of the batches as the network saw them, augmented and
    with label smoothing; validation and test loss are plain cross-entropy.
    """

    remedy = "lower optimizer.lr, set trainer.gradient_clip_val=1 or train with trainer.precision=32-true"

    def __init__(
        self,
        *,
        model: nn.Module,
        optimizer: Callable[..., Optimizer],
        scheduler: Callable[..., LRScheduler],
        input_shape: Sequence[int],
        num_classes: int,
        label_smoothing: float,
        aux_weight: float,
        channels_last: bool,
        compile: bool,
        monitor: str,
        mode: str,
    ) -> None:
        super().__init__(model=model, input_shape=input_shape, num_classes=num_classes, monitor=monitor, mode=mode)
        check_autograd(model, optimizer)
        self.optimizer = optimizer
        self.scheduler = scheduler
        self.label_smoothing = label_smoothing
        self.aux_weight = aux_weight
        self.memory_format = torch.channels_last if channels_last else torch.contiguous_format
        self.logged |= {"train/lr"}
        model.to(memory_format=self.memory_format)
        if compile:
            model.compile()  # in place: the names in a checkpoint stay the same

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, ...]:
        return self.model(self.lay_out(x))

    def lay_out(self, x: Tensor) -> Tensor:
        return x.to(memory_format=self.memory_format) if x.ndim == 4 else x

    def training_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> Tensor:
        x, labels = batch  # (B, C, H, W) or (B, D), (B,)
        output = self(x)
        logits, *auxiliary = output if isinstance(output, tuple) else (output,)  # each (B, K)
        loss = cross_entropy(logits, labels, label_smoothing=self.label_smoothing)
        for extra in auxiliary:
            loss = loss + self.aux_weight * cross_entropy(extra, labels, label_smoothing=self.label_smoothing)
        self.note(loss, logits, labels)
        return loss

    def train_metrics(self) -> dict[str, float]:
        return {"train/lr": self.optimizers().param_groups[0]["lr"]}

    def score(self, x: Tensor) -> Tensor:
        # `model.forward` is never compiled: an evaluation's few batch sizes would each cost more than they save
        return self.model.forward(self.lay_out(x))

    def loss(self, scores: Tensor, labels: Tensor) -> Tensor:
        return cross_entropy(scores, labels)

    def configure_gradient_clipping(
        self,
        optimizer: Optimizer,
        gradient_clip_val: float | None = None,
        gradient_clip_algorithm: str | None = None,
    ) -> None:
        """Lightning refuses to clip under a fused optimizer in any mixed precision; only fp16 has a reason to."""
        if not gradient_clip_val:
            return
        if self.trainer.precision == "16-mixed":
            self.clip_gradients(optimizer, gradient_clip_val, gradient_clip_algorithm)
        elif gradient_clip_algorithm == "value":
            nn.utils.clip_grad_value_(self.parameters(), gradient_clip_val)
        else:
            nn.utils.clip_grad_norm_(self.parameters(), gradient_clip_val)

    def configure_optimizers(self) -> dict[str, Any]:
        optimizer = self.optimizer(parameter_groups(self.model))
        scheduler = self.scheduler(optimizer, total_steps=self.trainer.estimated_stepping_batches)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "step"}}


def check_autograd(model: nn.Module, optimizer: object) -> None:
    """InputError for a model or an update rule that is made to learn by hand."""
    if not any(weight.requires_grad for weight in model.parameters()):
        raise InputError(
            f"model {type(model).__name__} has no weight that asks for a gradient, and this task learns by autograd: "
            "choose another model=…, or a task that learns by hand, such as task=mlp_scratch"
        )
    if not callable(optimizer):
        raise InputError(
            f"optimizer {type(optimizer).__name__} makes its steps by hand, and this task learns by autograd: choose "
            "one of torch's, such as optimizer=adam"
        )
