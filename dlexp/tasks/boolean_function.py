"""Does the sum of D inputs lie in an interval? A perceptron that fails, why it must, and a network that does not."""

from collections.abc import Callable
from math import comb, isfinite
from typing import Any

import numpy as np
import torch
from lightning.pytorch import LightningModule
from torch import Tensor, nn

from dlexp.errors import InputError
from dlexp.tasks.separation import four_inputs, separate

BELOW, ABOVE = 0.999, 1.001  # of the margin, by which inputs are moved


class BooleanFunction(LightningModule):
    """A test stage without a fit. The batches are inputs (B, D) of -1 and +1, with labels (B,).

    The network is tried on each of them, and on every sum: as the weights of a unit are all the same, it sees the sum
    only, so that D + 1 inputs stand for all 2^D. The linear program gets the inputs if these are all there are, else
    for each sum the mean of its inputs: a plane between the classes would separate these, and no other plane could,
    as the function does not change when coordinates change places. `perceptron` is partial: a new one learns for up
    to `epochs`.

    `sums`, `counts` and `truth` (D + 1,), `separation`, `four`, `epoch_accuracy` and `epoch_mistakes` are there for a
    figure to be made of.
    """

    def __init__(
        self,
        *,
        model: nn.Module,
        perceptron: Callable[[], nn.Module],
        dimension: int,
        low: int,
        high: int,
        epochs: int,
        batch_size: int,
        attacks: int,
        seed: int,
        monitor: str,
        mode: str,
    ) -> None:
        super().__init__()
        self.model = model
        self.make_perceptron = perceptron
        self.dimension = dimension
        self.low = low
        self.high = high
        self.epochs = epochs
        self.batch_size = batch_size
        self.attacks = attacks
        self.seed = seed
        self.monitor = monitor
        self.mode = mode
        self.example_input_array = torch.ones(1, dimension)
        for name in ("epochs", "batch_size", "attacks"):
            if not isinstance(getattr(self, name), int) or getattr(self, name) < 1:
                raise InputError(f"task.{name}={getattr(self, name)} does not work: give a number, 1 or more")
        if not hasattr(model, "margin"):
            raise InputError(f"model {type(model).__name__} knows no margin: leave model=interval_network")
        self.logged = {
            f"test/{name}"
            for name in (
                *("accuracy", "overall_accuracy", "inputs", "majority_accuracy"),
                *("perceptron_accuracy", "perceptron_best_accuracy", "perceptron_epochs", "perceptron_mistakes"),
                *("separable", "proof_inputs", "margin", "margin_l2", "changed_below", "changed_above"),
            )
        }

        self.sums = np.arange(-dimension, dimension + 1, 2)  # (D + 1,)
        self.counts = [comb(dimension, ones) for ones in range(dimension + 1)]
        self.truth = (low <= self.sums) & (self.sums <= high)  # (D + 1,)
        inside = self.sums[self.truth]
        self.four = four_inputs(dimension, int(inside[0]), int(inside[-1])) if len(inside) else None
        self.seen: list[tuple[Tensor, Tensor]] = []

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x)

    def on_test_epoch_start(self) -> None:
        self.seen = []

    def test_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        self.seen.append(batch)

    def on_test_epoch_end(self) -> None:
        x, labels = (torch.cat(parts) for parts in zip(*self.seen, strict=True))  # (N, D), (N,)
        ones = sum(count for count, one in zip(self.counts, self.truth, strict=True) if one) / 2**self.dimension
        self.say(inputs=len(x), majority_accuracy=max(ones, 1 - ones))
        self.try_network(x, labels)
        self.try_perceptron(x, labels)
        self.look_for_plane(x, labels)
        if isfinite(self.model.margin()):
            self.attack(x)

    def say(self, **metrics: float) -> None:
        for name, value in metrics.items():
            self.log(f"test/{name}", torch.tensor(value, dtype=torch.float64))

    def try_network(self, x: Tensor, labels: Tensor) -> None:
        """Its very output, -1 or 1, is held against the function."""
        right = self.model(x) == 2 * labels - 1
        each = 1 - 2 * (torch.arange(self.dimension)[None] >= torch.arange(self.dimension + 1)[:, None]).to(x)
        by_sum = (self.model(each) > 0).cpu().numpy() == self.truth  # (D + 1,): inputs of 0 to D ones
        count = sum(count for count, ok in zip(self.counts, by_sum, strict=True) if ok)
        self.say(accuracy=right.double().mean().item(), overall_accuracy=count / 2**self.dimension)

    def try_perceptron(self, x: Tensor, labels: Tensor) -> None:
        """A new order of the inputs in each epoch, as long as there are mistakes."""
        perceptron = self.make_perceptron().to(x.device)
        generator = torch.Generator().manual_seed(self.seed)
        self.epoch_accuracy: list[float] = []
        self.epoch_mistakes: list[int] = []
        while len(self.epoch_mistakes) < self.epochs and self.epoch_mistakes[-1:] != [0]:
            order = torch.randperm(len(x), generator=generator).to(x.device)
            batches = order.split(self.batch_size)
            self.epoch_mistakes.append(sum(len(perceptron.learn(x[batch], labels[batch])[1]) for batch in batches))
            self.epoch_accuracy.append((perceptron(x).argmax(1) == labels).double().mean().item())
        self.say(
            perceptron_accuracy=self.epoch_accuracy[-1],
            perceptron_best_accuracy=max(self.epoch_accuracy),
            perceptron_epochs=len(self.epoch_accuracy),
            perceptron_mistakes=sum(self.epoch_mistakes),
        )

    def look_for_plane(self, x: Tensor, labels: Tensor) -> None:
        if len(x) == 2**self.dimension:
            points, classes = x.cpu().numpy().astype(int), labels.cpu().numpy()
        else:
            points, classes = self.sums[:, None], self.truth.astype(int)  # D times the mean: the same direction for all
        self.separation = separate(points, classes)
        proof = self.separation.proof
        self.say(separable=proof is None)
        if proof is not None:
            self.say(proof_inputs=len(proof))

    def attack(self, x: Tensor) -> None:
        """Move all inputs at once, to the corners of cubes just smaller and just larger than the margin."""
        margin = self.model.margin()
        self.say(margin=margin, margin_l2=margin * self.dimension**0.5)
        generator = torch.Generator().manual_seed(self.seed)
        corners = 2 * torch.randint(2, (self.attacks, self.dimension), generator=generator).to(x.device) - 1
        worst = torch.ones_like(corners[:1])
        said = self.model(x) > 0  # (N,)
        changed: dict[str, Any] = {}
        for name, size in (("changed_below", BELOW * margin), ("changed_above", ABOVE * margin)):
            moved = [(self.model(x + size * corner) > 0) != said for corner in torch.cat([worst, -worst, corners])]
            changed[name] = torch.stack(moved).any(0).double().mean().item()  # of the inputs, by any corner
        self.say(**changed)

    def configure_optimizers(self) -> None:
        """None: nothing is learned by gradients."""
