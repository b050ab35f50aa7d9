"""Classification of images: cross-entropy to learn, accuracy and its relatives to judge."""

from collections.abc import Callable, Sequence
from typing import Any

import torch
from lightning.pytorch import LightningModule
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from torchmetrics import MetricCollection
from torchmetrics.classification import (
    MulticlassAccuracy,
    MulticlassAUROC,
    MulticlassF1Score,
    MulticlassPrecision,
    MulticlassRecall,
)

from dlexp.errors import InputError
from dlexp.optim.decay import parameter_groups


def judges(num_classes: int) -> MetricCollection:
    """Metrics of probabilities (N, classes) against labels (N,). AUC is the mean of one class against the rest."""
    macro = {"num_classes": num_classes, "average": "macro", "validate_args": False}
    metrics = {
        "accuracy": MulticlassAccuracy(num_classes, average="micro", validate_args=False),
        "precision": MulticlassPrecision(**macro),
        "recall": MulticlassRecall(**macro),
        "f1": MulticlassF1Score(**macro),
        "auc": MulticlassAUROC(**macro),
    }
    if num_classes > 5:  # with five classes or fewer, the top five are never wrong
        metrics["top5_accuracy"] = MulticlassAccuracy(num_classes, top_k=5, average="micro", validate_args=False)
    return MetricCollection(metrics)


class Classification(LightningModule):
    """Trains `model` to give the label of an image.

    `optimizer` and `scheduler` are partial: the first is called with parameter groups, the second with the
    optimizer and `total_steps`. Training metrics are those of the batches as the network saw them, augmented and
    with label smoothing; validation and test loss are plain cross-entropy.
    """

    def __init__(
        self,
        *,
        model: nn.Module,
        optimizer: Callable[..., Optimizer],
        scheduler: Callable[..., LRScheduler],
        image_shape: Sequence[int],
        num_classes: int,
        label_smoothing: float,
        aux_weight: float,
        channels_last: bool,
        compile: bool,
        monitor: str,
        mode: str,
    ) -> None:
        super().__init__()
        self.model = model
        self.optimizer = optimizer
        self.scheduler = scheduler
        self.label_smoothing = label_smoothing
        self.aux_weight = aux_weight
        self.memory_format = torch.channels_last if channels_last else torch.contiguous_format
        self.monitor = monitor
        self.mode = mode
        self.example_input_array = torch.zeros(1, *image_shape)  # (1, C, H, W)
        self.val_metrics = judges(num_classes)
        self.test_metrics = judges(num_classes)
        self.logged = {"train/loss", "train/accuracy", "train/lr"} | {
            f"{stage}/{name}" for stage in ("val", "test") for name in ("loss", *self.val_metrics)
        }
        self.train_losses: list[Tensor] = []  # of the running epoch, one () a step, on the device
        self.train_hits: list[Tensor] = []  # bool (B,): which samples were right
        self.outputs: list[tuple[Tensor, Tensor]] = []  # of the running evaluation: logits (B, K), labels (B,)

        check_fit(model, self.example_input_array, num_classes)
        model.to(memory_format=self.memory_format)
        if compile:
            model.compile()  # in place: the names in a checkpoint stay the same

    def forward(self, images: Tensor) -> Tensor | tuple[Tensor, ...]:
        return self.model(images.to(memory_format=self.memory_format))

    def training_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> Tensor:
        images, labels = batch  # (B, C, H, W), (B,)
        output = self(images)
        logits, *auxiliary = output if isinstance(output, tuple) else (output,)  # each (B, K)
        loss = cross_entropy(logits, labels, label_smoothing=self.label_smoothing)
        for extra in auxiliary:
            loss = loss + self.aux_weight * cross_entropy(extra, labels, label_smoothing=self.label_smoothing)
        self.train_losses.append(loss.detach())
        self.train_hits.append(logits.detach().argmax(1) == labels)
        if len(self.train_losses) % self.trainer.log_every_n_steps == 0:  # seldom: reading the loss waits for it
            self.check_loss(loss)
        return loss

    def check_loss(self, loss: Tensor) -> None:
        if not torch.isfinite(loss):
            raise InputError(
                f"the loss became {loss.item()} in epoch {self.current_epoch + 1}, step {self.global_step}: lower "
                "optimizer.lr, set trainer.gradient_clip_val=1 or train with trainer.precision=32-true"
            )

    def on_train_batch_end(self, outputs: Any, batch: Any, batch_idx: int) -> None:
        if self.trainer.is_last_batch:  # callbacks read the epoch's metrics before our on_train_epoch_end
            self.log_train()

    def on_train_epoch_end(self) -> None:
        if self.train_losses:  # the epoch was cut short by trainer.max_steps or max_time
            self.log_train()

    def log_train(self) -> None:
        loss = torch.stack(self.train_losses).mean()
        self.check_loss(loss)
        metrics = {"train/loss": loss, "train/accuracy": torch.cat(self.train_hits).float().mean()}
        self.log_dict(metrics, on_step=False, on_epoch=True, sync_dist=True, batch_size=1)
        self.log("train/lr", self.optimizers().param_groups[0]["lr"], on_step=False, on_epoch=True, batch_size=1)
        self.train_losses, self.train_hits = [], []

    def validation_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        images, labels = batch
        # `model.forward` is never compiled: an evaluation's few batch sizes would each cost more than they save
        logits = self.model.forward(images.to(memory_format=self.memory_format))  # (B, K)
        self.outputs.append((logits.float(), labels))

    def on_validation_epoch_start(self) -> None:
        self.outputs = []

    def on_validation_epoch_end(self) -> None:
        self.judge("val", self.val_metrics)

    def test_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        self.validation_step(batch, batch_idx)

    def on_test_epoch_start(self) -> None:
        self.outputs = []

    def on_test_epoch_end(self) -> None:
        self.judge("test", self.test_metrics)

    def judge(self, stage: str, metrics: MetricCollection) -> None:
        """One update for the whole split: a metric's bookkeeping costs more than its arithmetic."""
        logits, labels = (torch.cat(parts) for parts in zip(*self.outputs, strict=True))  # (N, K), (N,)
        self.log(f"{stage}/loss", cross_entropy(logits, labels), sync_dist=True)
        wide = torch.float32 if logits.device.type == "mps" else torch.float64  # AUC needs the order of 1 - 1e-9 and 1
        metrics.update(logits.softmax(1, dtype=wide), labels)
        self.log_dict({f"{stage}/{name}": value for name, value in metrics.compute().items()})
        metrics.reset()

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Keep what the running epoch has gathered: a run stopped within it then reports what an unbroken one would."""
        checkpoint["epoch_so_far"] = {
            "losses": torch.stack(self.train_losses) if self.train_losses else torch.empty(0),
            "hits": torch.cat(self.train_hits) if self.train_hits else torch.empty(0),
        }

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        so_far, device = checkpoint["epoch_so_far"], self.trainer.strategy.root_device
        self.train_losses = list(so_far["losses"].to(device).unbind())
        self.train_hits = [so_far["hits"].to(device)]

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


def check_fit(model: nn.Module, image: Tensor, num_classes: int) -> None:
    """Send one image (1, C, H, W) through `model`. InputError if it cannot take it or gives other than K logits."""
    shape = "x".join(map(str, image.shape[1:]))
    mode = model.training
    try:
        with torch.inference_mode():
            logits = model.eval()(image)  # (1, K)
    except (RuntimeError, ValueError, IndexError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"model {type(model).__name__} cannot take the data's {shape} images: {reason}") from error
    finally:
        model.train(mode)
    if tuple(logits.shape) != (1, num_classes):
        raise InputError(
            f"model {type(model).__name__} gives {tuple(logits.shape)[1:]} outputs for an image, the data has "
            f"{num_classes} classes: leave model.num_classes at ${{data.num_classes}}"
        )
