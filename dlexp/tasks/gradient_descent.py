"""Batch, mini-batch and single-sample gradient descent side by side: one stream of samples, a line for each size."""

from collections.abc import Sequence
from typing import Any

import torch
from lightning.fabric.utilities import move_data_to_device
from lightning.pytorch import LightningModule
from torch import Tensor, nn

from dlexp.errors import InputError
from dlexp.optim.scratch.rule import Rule, check_rule
from dlexp.tasks.counted_step import count_step


class GradientDescent(LightningModule):
    """Line w of `model` steps whenever it has seen `batch_sizes[w]` samples, by the mean of their gradients.

    Samples are gone through one at a time, however many a batch of the data holds, so that all lines see the same
    samples in the same order. `path` holds where the lines were before the first sample and after each: (W, 2).
    `solution` (2,) is the line of least squared error on the training samples.

    For each batch size B train/loss_B is the loss on all training samples at the end of an epoch, val/loss_B and
    test/loss_B that of the other splits; without a number, that of the best line.
    """

    automatic_optimization = False  # of Lightning: the lines step on their own

    def __init__(
        self,
        *,
        model: nn.Module,
        optimizer: Rule,
        batch_sizes: Sequence[int],
        input_shape: Sequence[int],
        num_classes: int,
        monitor: str,
        mode: str,
    ) -> None:
        super().__init__()
        if num_classes or list(input_shape) != [1]:
            raise InputError("task=gradient_descent fits lines: choose data=line or data=diabetes, of one feature")
        if len(batch_sizes) != len(model.lines) or len(set(batch_sizes)) < len(batch_sizes) or min(batch_sizes) < 1:
            raise InputError(
                f"task.batch_sizes={list(batch_sizes)} does not work: give {len(model.lines)} different numbers above "
                "0, or set model.lines to how many there are"
            )
        self.model = model
        self.rule = check_rule(optimizer)
        self.batch_sizes = list(batch_sizes)
        self.monitor = monitor
        self.mode = mode
        self.example_input_array = torch.zeros(1, *input_shape)
        kinds = ("train/loss", "val/loss", "test/loss")
        self.logged = {*kinds, *(f"{kind}_{size}" for kind in kinds for size in self.batch_sizes)}
        self.memories = [optimizer.state(line) for line in model.lines]
        self.path: list[Tensor] = []  # (W, 2) each
        self.register_buffer("sums", torch.zeros_like(model.lines), persistent=False)  # of gradients, since a step
        self.outputs: list[tuple[Tensor, Tensor]] = []  # of the running evaluation: (W, B), (B,)

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x)

    def setup(self, stage: str) -> None:
        data = self.trainer.datamodule
        self.solution = self.model.closed_form(data.features("train"), data.labels("train"))  # (2,) float64

    def on_fit_start(self) -> None:
        self.memories = move_data_to_device(self.memories, self.device)
        self.path = self.path or [self.model.lines.clone()]  # else it goes on

    @torch.no_grad()
    def training_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        x, targets = batch  # (B, 1), (B,)
        for i in range(len(x)):  # where a line steps after every sample, the next gradient waits for the step
            self.see(x[i : i + 1], targets[i : i + 1])
        count_step(self.trainer)

    def see(self, x: Tensor, target: Tensor) -> None:
        """One sample (1, 1), (1,)."""
        _, gradients = self.model.gradients(x, target)  # (W, 2)
        self.sums += gradients
        seen = len(self.path)  # samples, with this one
        for w, size in enumerate(self.batch_sizes):
            if seen % size == 0:
                line = self.rule.step(self.model.lines[w], self.sums[w] / size, self.memories[w])
                self.model.lines[w] = line
                self.sums[w] = 0
        self.path.append(self.model.lines.clone())

    def on_train_batch_end(self, outputs: Any, batch: Any, batch_idx: int) -> None:
        if self.trainer.is_last_batch:  # callbacks read the epoch's metrics before our on_train_epoch_end
            self.log_train()

    def on_train_epoch_end(self) -> None:
        if not self.trainer.is_last_batch:  # the epoch was cut short by trainer.max_steps or max_time
            self.log_train()

    @torch.no_grad()
    def log_train(self) -> None:
        data = self.trainer.datamodule
        losses = self.model.loss(self.model(data.features("train")), data.labels("train"))  # (W,)
        if not losses.isfinite().all():
            size = self.batch_sizes[losses.isfinite().logical_not().nonzero()[0].item()]
            raise InputError(f"the line of batch size {size} has diverged: lower optimizer.lr")
        self.log_each("train/loss", losses)

    def log_each(self, name: str, values: Tensor) -> None:
        """Of each line (W,), and of the best."""
        pairs = {f"{name}_{size}": value for size, value in zip(self.batch_sizes, values, strict=True)}
        self.log_dict({name: values.min(), **pairs}, on_step=False, on_epoch=True, batch_size=1)

    def on_validation_epoch_start(self) -> None:
        self.outputs = []

    def validation_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        x, targets = batch
        self.outputs.append((self(x), targets))

    def on_validation_epoch_end(self) -> None:
        self.log_each("val/loss", self.judged())

    def judged(self) -> Tensor:
        """The loss (W,) on the whole split."""
        y, targets = (torch.cat(parts, -1) for parts in zip(*self.outputs, strict=True))  # (W, N), (N,)
        return self.model.loss(y, targets)

    def on_test_epoch_start(self) -> None:
        self.outputs = []

    def test_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        self.validation_step(batch, batch_idx)

    def on_test_epoch_end(self) -> None:
        self.log_each("test/loss", self.judged())

    def configure_optimizers(self) -> None:
        """None: there is no optimizer of torch's."""

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        checkpoint["descent"] = {"memories": self.memories, "path": torch.stack(self.path), "sums": self.sums}

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        descent = move_data_to_device(checkpoint["descent"], self.trainer.strategy.root_device)
        self.memories, self.path, self.sums = descent["memories"], list(descent["path"]), descent["sums"]
