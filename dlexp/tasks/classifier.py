"""What every classifier shares, however it learns: a training epoch summed up, a split judged."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torchmetrics import MetricCollection
from torchmetrics.classification import (
    MulticlassAccuracy,
    MulticlassAUROC,
    MulticlassF1Score,
    MulticlassPrecision,
    MulticlassRecall,
)

from dlexp.errors import Diverged, InputError
from dlexp.tasks.epoch_log import EpochLog
from dlexp.tasks.trial_pass import trial_pass


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


class Classifier(EpochLog, ABC):
    """A model that scores classes, and the metrics that judge it.

    A subclass says in `training_step` how a batch is learned from, and hands what came out to `note`. Training
    metrics are those of the batches as the model saw them, before it learned from them.
    """

    remedy = "lower optimizer.lr"  # what to do when the loss is no longer a number

    def __init__(
        self, *, model: nn.Module, input_shape: Sequence[int], num_classes: int, monitor: str, mode: str
    ) -> None:
        super().__init__()
        if num_classes < 2:
            raise InputError("this task tells classes apart, and the data has none: choose another data=…")
        self.model = model
        self.monitor = monitor
        self.mode = mode
        self.example_input_array = torch.zeros(1, *input_shape)  # (1, C, H, W) of an image, (1, D) of a vector
        self.val_metrics = judges(num_classes)
        self.test_metrics = judges(num_classes)
        self.logged = {"train/loss", "train/accuracy"} | {
            f"{stage}/{name}" for stage in ("val", "test") for name in ("loss", *self.val_metrics)
        }
        self.train_losses: list[Tensor] = []  # of the running epoch, one () a step, on the device
        self.train_hits: list[Tensor] = []  # bool (B,): which samples were right
        self.outputs: list[tuple[Tensor, Tensor]] = []  # of the running evaluation: scores (B, K), labels (B,)

        check_fit(model, self.example_input_array, num_classes)

    @abstractmethod
    def loss(self, scores: Tensor, labels: Tensor) -> Tensor:
        """Of scores (N, K) and labels (N,), the mean over samples: what validation and test report."""

    def probabilities(self, scores: Tensor) -> Tensor:
        """(N, K), as the metrics take them."""
        wide = torch.float32 if scores.device.type == "mps" else torch.float64  # AUC needs the order of 1 - 1e-9 and 1
        return scores.softmax(1, dtype=wide)

    def train_metrics(self) -> dict[str, Tensor | float]:
        """What else is worth logging at the end of an epoch; `logged` must name it, too."""
        return {}

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x)

    def note(self, loss: Tensor, scores: Tensor, labels: Tensor) -> None:
        """Remember a step: its loss (), scores (B, K) and labels (B,)."""
        self.train_losses.append(loss.detach())
        self.train_hits.append(scores.detach().argmax(1) == labels)
        if len(self.train_losses) % self.trainer.log_every_n_steps == 0:  # seldom: reading the loss waits for it
            self.check_loss(loss)

    def check_loss(self, loss: Tensor) -> None:
        if not torch.isfinite(loss):
            raise Diverged(
                f"the loss became {loss.item()} in epoch {self.current_epoch + 1}, step {self.global_step}: "
                f"{self.remedy}"
            )

    @property
    def pending(self) -> bool:
        return bool(self.train_losses)

    def log_train(self) -> None:
        loss = torch.stack(self.train_losses).mean()
        self.check_loss(loss)
        metrics = {"train/loss": loss, "train/accuracy": torch.cat(self.train_hits).float().mean()}
        self.log_dict(metrics, on_step=False, on_epoch=True, sync_dist=True, batch_size=1)
        for name, value in self.train_metrics().items():
            self.log(name, value, on_step=False, on_epoch=True, batch_size=1)
        self.train_losses, self.train_hits = [], []

    def validation_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        x, labels = batch
        self.outputs.append((self.score(x).float(), labels))

    def score(self, x: Tensor) -> Tensor:
        """(B, K), as an evaluation computes them."""
        return self(x)

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
        scores, labels = (torch.cat(parts) for parts in zip(*self.outputs, strict=True))  # (N, K), (N,)
        self.log(f"{stage}/loss", self.loss(scores, labels), sync_dist=True)
        metrics.update(self.probabilities(scores), labels)
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


def check_fit(model: nn.Module, example: Tensor, num_classes: int) -> None:
    """Send one sample (1, *shape) through `model`. InputError if it cannot take it or gives other than K scores."""
    scores = trial_pass(model, example)  # (1, K)
    if tuple(scores.shape) != (1, num_classes):
        raise InputError(
            f"model {type(model).__name__} gives {tuple(scores.shape)[1:]} outputs for "
            f"{'an image' if example.ndim == 4 else 'a sample'}, the data has {num_classes} classes: leave "
            "model.num_classes at ${data.num_classes}"
        )
