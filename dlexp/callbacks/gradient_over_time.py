"""figures/gradient_over_time.png: how much the answer hears of each time step of the input."""

from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from torch import Tensor, nn

from dlexp.arguments import check_count
from dlexp.callbacks.counts import check_counts
from dlexp.callbacks.figures import keep_figure
from dlexp.callbacks.input_gradient import input_gradient
from dlexp.errors import Diverged
from dlexp.reporting.profile import Profile, keep


class GradientOverTime(Callback):
    """Measures the norm of d answer / d x_t for each step t: before training, after it, and `between` times between.

    Each is the mean over the same `sequences` of the validation split. The loss's gradient is this one times twice the
    error, which shrinks with learning and says nothing of time. A gradient that shrinks (or grows) by a factor with
    every step back is a straight line on the figure's logarithmic axis (Bengio et al. 1994; Pascanu et al. 2013, arXiv
    1211.5063).

    It draws nothing and leaves no gradient behind. A training that fails leaves what was measured until then.
    """

    def __init__(self, *, folder: str, sequences: int, between: int) -> None:
        check_counts("gradient_over_time", sequences=sequences)
        check_count("callbacks.gradient_over_time.between", between, least=0)
        self.folder = Path(folder)
        self.sequences = sequences
        self.between = between
        self.norms: dict[int, list[float]] = {}  # by the number of steps trained, (T,)

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if not self.norms:  # else it goes on
            self.measure(trainer, pl_module)
        self.keep_profile(trainer, "start", "before training", min(self.norms, default=0))

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        epochs, parts = trainer.max_epochs, self.between + 1
        done = trainer.current_epoch + 1
        if epochs > 0 and done * parts // epochs > (done - 1) * parts // epochs:
            self.measure(trainer, pl_module)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.finish(trainer, pl_module, "after training")

    def on_exception(self, trainer: Trainer, pl_module: LightningModule, exception: BaseException) -> None:
        if self.norms and isinstance(exception, Diverged):
            self.finish(trainer, pl_module, "before it diverged")

    def finish(self, trainer: Trainer, pl_module: LightningModule, words: str) -> None:
        if trainer.global_step not in self.norms:  # it ended before its time, or after a number of steps
            self.measure(trainer, pl_module)
        first, last = min(self.norms, default=0), max(self.norms, default=0)
        if last > first:  # else it has diverged at once
            self.keep_profile(trainer, "end", words, last)
        if self.norms and keeps(trainer):
            from dlexp.reporting.gradient_over_time import gradient_over_time

            keep_figure(trainer, self.folder, "gradient_over_time", gradient_over_time(self.norms))

    def keep_profile(self, trainer: Trainer, moment: str, words: str, steps: int) -> None:
        if not keeps(trainer) or steps not in self.norms:
            return
        norms = self.norms[steps]
        profile = Profile(
            title=f"How far back the gradient reaches, {words}",
            x_name="steps back from the end",  # where sequences of all lengths are alike
            y_name="norm of the answer's gradient",
            x=list(range(len(norms))),
            y=norms[::-1],
            logarithmic=True,
        )
        keep(self.folder, f"gradient_at_the_{moment}", profile)

    def measure(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Nothing is noted of a model that has diverged so far that it gives no numbers."""
        data = trainer.datamodule
        x = data.splits["val"][0][: self.sequences]  # (N, T, D)
        norms = gradient_norms(pl_module.model, x, data.eval_batch_size)
        if norms.isfinite().all():
            self.norms[trainer.global_step] = norms.tolist()

    def state_dict(self) -> dict[str, Any]:
        return {"norms": self.norms}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.norms = state["norms"]


def keeps(trainer: Trainer) -> bool:
    return trainer.is_global_zero and not trainer.fast_dev_run


def gradient_norms(model: nn.Module, x: Tensor, size: int) -> Tensor:
    """(T,): the norm of the gradient of a sequence's answer by its inputs of step t, the mean over the sequences
    x (N, T, D), of which `size` are gone through at once.
    """
    # The answers' sum is a sum over sequences: each gradient is its own.
    return torch.cat([input_gradient(model, part, Tensor.sum).norm(dim=2) for part in x.split(size)]).mean(0)
