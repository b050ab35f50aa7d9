"""Learning from mistakes: a perceptron goes through the samples, one after the other, until none is mistaken."""

import math
from collections.abc import Sequence
from typing import Any

from lightning.pytorch.callbacks import WeightAveraging
from torch import Tensor, nn

from dlexp.errors import InputError
from dlexp.tasks.best_margin import best_margin
from dlexp.tasks.classifier import Classifier
from dlexp.tasks.counted_step import count_step


class PerceptronLearning(Classifier):
    """Trains a perceptron of `dlexp.models.scratch`, which has `loss(scores, labels)` and `learn(x, labels)`.

    `learn` goes through a batch and returns the scores (B, K) of the samples as they were met, and the mistakes (M,).
    The fit ends with an epoch without mistakes: nothing can change any more.

    `mistakes` counts them. `bound` is Novikoff's (R / margin)^2, which they never exceed: infinite where no plane
    separates the classes. It is computed for two classes of up to `bound_up_to` samples that are no images, else NaN.
    """

    automatic_optimization = False  # of Lightning: the model makes the steps
    remedy = "the data holds NaN or infinite values"

    def __init__(
        self,
        *,
        model: nn.Module,
        input_shape: Sequence[int],
        num_classes: int,
        bound_up_to: int,
        monitor: str,
        mode: str,
    ) -> None:
        super().__init__(model=model, input_shape=input_shape, num_classes=num_classes, monitor=monitor, mode=mode)
        if not hasattr(model, "learn"):
            raise InputError(
                f"model {type(model).__name__} does not learn from mistakes: take model=perceptron or "
                "multiclass_perceptron"
            )
        self.bound_up_to = bound_up_to
        self.logged |= {"train/mistakes", "train/mistakes_of_epoch", "train/bound"}
        self.mistakes = 0
        self.before = 0  # mistakes, before the running epoch
        self.flawless = False  # an epoch has passed without any
        self.bound = math.nan

    def loss(self, scores: Tensor, labels: Tensor) -> Tensor:
        return self.model.loss(scores, labels)

    def on_train_start(self) -> None:
        if any(isinstance(callback, WeightAveraging) for callback in self.trainer.callbacks):
            raise InputError("callbacks.ema does not go with a perceptron: model.averaged=true is its own average")
        self.trainer.should_stop |= self.flawless  # it was stopped between its last epoch and the end
        data = self.trainer.datamodule
        if hasattr(data, "features") and data.num_classes == 2 and len(data.labels("train")) <= self.bound_up_to:
            margin, radius = best_margin(data.features("train"), data.labels("train"))
            self.bound = (radius / margin) ** 2 if margin else math.inf

    def training_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> dict[str, Tensor]:
        x, labels = batch  # (B, *input_shape), (B,)
        scores, mistakes = self.model.learn(x, labels)
        self.mistakes += len(mistakes)
        self.note(self.loss(scores, labels), scores, labels)
        count_step(self.trainer)
        return {"mistakes": mistakes}

    def train_metrics(self) -> dict[str, float]:
        metrics = {
            "train/mistakes": float(self.mistakes),
            "train/mistakes_of_epoch": float(self.mistakes - self.before),
        }
        return metrics | ({"train/bound": self.bound} if math.isfinite(self.bound) else {})

    def on_train_epoch_end(self) -> None:
        super().on_train_epoch_end()
        whole = self.trainer.is_last_batch  # it was not cut short by trainer.max_steps or max_time, …
        whole &= self.trainer.num_training_batches == len(self.trainer.train_dataloader)  # nor limit_train_batches
        self.flawless = whole and self.mistakes == self.before
        self.trainer.should_stop |= self.flawless
        self.before = self.mistakes

    def configure_optimizers(self) -> None:
        """None: there is no optimizer of torch's."""

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        super().on_save_checkpoint(checkpoint)
        checkpoint["mistakes"] = {"before": self.before, "now": self.mistakes, "flawless": self.flawless}

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        super().on_load_checkpoint(checkpoint)
        self.before, self.mistakes, self.flawless = checkpoint["mistakes"].values()
