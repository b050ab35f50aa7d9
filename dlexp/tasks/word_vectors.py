"""Word vectors: from a word, foretell the words around it."""

from collections.abc import Iterator
from typing import Any

import torch
from lightning.fabric.utilities import move_data_to_device
from lightning.pytorch import LightningModule
from torch import Tensor, nn

from dlexp.errors import Diverged, InputError
from dlexp.layers.choice import choose
from dlexp.layers.pairs import pairs
from dlexp.optim.rows import RowAdagrad, RowSGD
from dlexp.tasks.counted_step import count_step

Batch = tuple[Tensor, Tensor, Tensor, Tensor]  # centre words, their stretches, how far each looks, noise words
JUDGED = ("loss", "nll", "nll_of_unigrams")
LOSSES = 50  # of an epoch that are taken, before the step, for train/loss
MOST_SCORES = 2**22  # that are held at once to judge a batch


class WordVectors(LightningModule):
    """Trains a model of `dlexp.models.words` by the gradients that it says, which name the rows they are for.

    The learning rate goes along a straight line from `lr` to `final_lr` times that, over all steps.

    `loss` is the model's own, a mean over pairs of a word and one around it. `nll` is the same in nats for all models:
    -log p(word around | word), p over all words that are known. For noise against pairs that is p(u | v) in proportion
    to q(u) exp(v.u), with the noise's shares q. `nll_of_unigrams` takes how often words were read for p. Validation
    and test have the draws that they have in every run.
    """

    automatic_optimization = False  # of Lightning: we make the steps
    example_input_array = None  # no forward pass to count: a batch says which pairs there are

    def __init__(self, *, model: nn.Module, rule: str, lr: float, final_lr: float, monitor: str, mode: str) -> None:
        super().__init__()
        if not hasattr(model, "log_odds"):
            raise InputError(
                f"model {type(model).__name__} has no vectors of words: choose model=skip_gram or skip_gram_softmax"
            )
        if not isinstance(lr, int | float) or lr <= 0:
            raise InputError(f"task.lr={lr} does not work: give a number above 0")
        if not isinstance(final_lr, int | float) or not 0 <= final_lr <= 1:
            raise InputError(f"task.final_lr={final_lr} does not work: give a fraction of the learning rate, 0 to 1")
        self.model = model
        self.rule = choose("task.rule", rule, {"adagrad": RowAdagrad(), "sgd": RowSGD()})
        self.lr = lr
        self.final_lr = final_lr
        self.monitor = monitor
        self.mode = mode
        judged = {f"{stage}/{name}" for stage in ("val", "test") for name in JUDGED}
        self.logged = {"train/loss", "train/lr"} | judged
        self.states = {name: table.new_zeros(len(table)) for name, table in model.named_parameters()}  # of the rule
        self.sums: list[Tensor] = []  # of the running epoch's steps (2,): loss, and pairs
        self.judged: list[Tensor] = []  # of an evaluation's batches (4,): loss, nll, nll of unigrams, pairs

    def setup(self, stage: str) -> None:
        data = self.trainer.datamodule
        if not hasattr(data, "counts"):
            raise InputError(f"this task reads words, and {type(data).__name__} has none: choose data=words")
        self.states = move_data_to_device(self.states, self.trainer.strategy.root_device)

    @property
    def vectors(self) -> Tensor:
        """(V, D), of the words that are known, the commonest first."""
        return self.model.vectors[: len(self.trainer.datamodule.counts)]

    def on_train_start(self) -> None:
        self.total_steps = self.trainer.estimated_stepping_batches

    @torch.no_grad()
    def training_step(self, batch: Batch, batch_idx: int) -> None:
        if batch_idx % max(1, self.trainer.num_training_batches // LOSSES) == 0:  # it would cost a third of every step
            self.sums.append(torch.stack(self.model.loss(batch)))
        lr = self.lr * self.fall(self.global_step)
        for name, rows, values in self.model.gradients(batch):
            table = getattr(self.model, name)
            self.rule.step(table, rows, values.to(table.dtype), self.states[name], lr)
        count_step(self.trainer)

    def fall(self, step: int) -> float:
        """The factor on the learning rate in a step: on the straight line, in the middle of the step."""
        progress = min((step + 0.5) / self.total_steps, 1.0)
        return 1 + (self.final_lr - 1) * progress

    def check_loss(self, loss: Tensor) -> None:
        if not torch.isfinite(loss):
            raise Diverged(
                f"the loss became {loss.item()} in epoch {self.current_epoch + 1}, step {self.global_step}: lower "
                "task.lr or data.batch_size"
            )

    def on_train_batch_end(self, outputs: Any, batch: Any, batch_idx: int) -> None:
        if self.trainer.is_last_batch:  # callbacks read the epoch's metrics before our on_train_epoch_end
            self.log_train()

    def on_train_epoch_end(self) -> None:
        if self.sums:  # the epoch was cut short by trainer.max_steps or max_time
            self.log_train()

    def log_train(self) -> None:
        loss, count = torch.stack(self.sums).double().sum(0)
        self.check_loss(loss)
        values = {
            "train/loss": (loss / count.clamp(min=1)).float(),
            "train/lr": self.lr * self.fall(self.global_step - 1),
        }
        self.log_dict(values, on_step=False, on_epoch=True, sync_dist=True, batch_size=1)
        self.sums = []

    def on_validation_epoch_start(self) -> None:
        self.judged = []

    def on_test_epoch_start(self) -> None:
        self.judged = []

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        self.judge(batch)

    def test_step(self, batch: Batch, batch_idx: int) -> None:
        self.judge(batch)

    def judge(self, batch: Batch) -> None:
        data = self.trainer.datamodule
        loss, count = self.model.loss(batch)
        nll = torch.stack(
            [self.nll(*some, data.noise_shares, data.read_shares) for some in parts(batch, len(data.counts))]
        )
        self.judged.append(torch.cat([loss.double()[None], nll.sum(0), count.double()[None]]))

    def nll(self, centres: Tensor, stretches: Tensor, reach: Tensor, noise: Tensor, read: Tensor) -> Tensor:
        """float64 (2,): the sums over pairs of the model's and of the unigrams' -log p."""
        asked = pairs(stretches, reach)  # (M, C, W + C + W)
        around = stretches.clamp(min=0)
        odds = self.model.log_odds(centres.clamp(min=0), noise.float())  # (B, V)
        of_pairs = odds.view(*reach.shape, -1).gather(2, around[:, None].expand_as(asked))  # (M, C, W + C + W)
        each = odds.logsumexp(1).view(*reach.shape, 1) - of_pairs
        of_unigrams = -read.log()[around][:, None].expand_as(asked)
        return torch.stack([(one * asked).sum(dtype=torch.float64) for one in (each, of_unigrams)])

    def on_validation_epoch_end(self) -> None:
        self.log_judged("val")

    def on_test_epoch_end(self) -> None:
        self.log_judged("test")

    def log_judged(self, stage: str) -> None:
        sums = self.trainer.strategy.reduce(torch.stack(self.judged).sum(0), reduce_op="sum")  # over ranks
        means = (sums[:-1] / sums[-1].clamp(min=1)).float()
        self.log_dict({f"{stage}/{name}": mean for name, mean in zip(JUDGED, means, strict=True)})

    def configure_optimizers(self) -> None:
        """None: there is no optimizer of torch's."""

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        checkpoint["rule"] = self.states
        checkpoint["epoch_so_far"] = torch.stack(self.sums) if self.sums else torch.empty(0, 2)

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        device = self.trainer.strategy.root_device
        self.states = move_data_to_device(checkpoint["rule"], device)
        self.sums = list(checkpoint["epoch_so_far"].to(device).unbind())


def parts(batch: Batch, words: int) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Centres, stretches and reach of the batch, a few stretches at a time: as many as there may be scores for."""
    centres, stretches, reach, _ = batch
    length = reach.shape[1]
    size = max(1, MOST_SCORES // (length * words))  # stretches
    yield from zip(centres.split(size * length), stretches.split(size), reach.split(size), strict=True)
