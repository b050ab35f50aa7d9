"""Classification by autograd: cross-entropy to learn, accuracy and its relatives to judge."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from dlexp.tasks.by_autograd import ByAutograd, check_autograd
from dlexp.tasks.classifier import Classifier


class Classification(ByAutograd, Classifier):
    """Trains `model` to give the label of an image, or of any other sample.

    Training metrics are those of the batches as the network saw them, augmented and with label smoothing; validation
    and test loss are plain cross-entropy.
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
