"""figures/gradient_over_time.png: how much of the loss's gradient arrives at each time step of the input."""

from pathlib import Path
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer
from torch import Tensor, nn
from torch.nn.functional import mse_loss

from dlexp.callbacks.counts import check_counts
from dlexp.callbacks.figures import keep_figure
from dlexp.callbacks.input_gradient import input_gradient
from dlexp.reporting.profile import Profile, keep


class GradientOverTime(Callback):
    """Measures the norm of d loss / d x_t for each step t: before training, after it, and `between` times between.

    Each is the mean over the same `sequences` of the validation split. A gradient that shrinks (or grows) by a factor
    with every step back is a straight line on the figure's logarithmic axis (Bengio et al. 1994; Pascanu et al. 2013,
    arXiv 1211.5063). Its level follows the error, which is a factor of it: what vanishes is in the slope.

    It draws nothing and leaves no gradient behind.
    """

    def __init__(self, *, folder: str, sequences: int, between: int) -> None:
        check_counts("gradient_over_time", sequences=sequences, between=between)
        self.folder = Path(folder)
        self.sequences = sequences
        self.between = between
        self.norms: dict[int, list[float]] = {}  # by the number of steps trained, (T,)

    def on_train_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if not self.norms:  # else it goes on
            self.measure(trainer, pl_module)

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        epochs, parts = trainer.max_epochs, self.between + 1
        done = trainer.current_epoch + 1
        if epochs > 0 and done * parts // epochs > (done - 1) * parts // epochs:
            self.measure(trainer, pl_module)

    def on_train_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if trainer.global_step not in self.norms:  # it ended before its time, or after a number of steps
            self.measure(trainer, pl_module)
        if trainer.fast_dev_run or not trainer.is_global_zero:
            return
        from dlexp.reporting.gradient_over_time import gradient_over_time

        keep_figure(trainer, self.folder, "gradient_over_time", gradient_over_time(self.norms))
        first, last = min(self.norms), max(self.norms)
        for moment, words, steps in (("start", "before training", first), ("end", "after training", last)):
            norms = self.norms[steps]
            profile = Profile(
                title=f"How far back the gradient reaches, {words}",
                x_name="steps back from the end",  # where sequences of all lengths are alike
                y_name="norm of the loss's gradient",
                x=list(range(len(norms))),
                y=norms[::-1],
                logarithmic=True,
            )
            keep(self.folder, f"gradient_at_the_{moment}", profile)

    def measure(self, trainer: Trainer, pl_module: LightningModule) -> None:
        inputs, targets = trainer.datamodule.splits["val"]
        x, y = inputs[: self.sequences], targets[: self.sequences]
        with trainer.precision_plugin.forward_context():
            self.norms[trainer.global_step] = gradient_norms(pl_module.model, x, y).tolist()

    def state_dict(self) -> dict[str, Any]:
        return {"norms": self.norms}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.norms = state["norms"]


def gradient_norms(model: nn.Module, x: Tensor, targets: Tensor) -> Tensor:
    """(T,): the norm of the gradient of a sequence's squared error by its inputs of step t, the mean over the sequences
    x (N, T, D).
    """
    gradient = input_gradient(model, x, lambda answers: mse_loss(answers.float(), targets, reduction="sum"))
    # The loss is a sum over sequences: each gradient is its own. Squares of what has vanished need the range of double.
    return gradient.double().norm(dim=2).mean(0)
