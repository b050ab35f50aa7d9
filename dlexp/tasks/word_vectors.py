"""Word vectors: from a word, foretell the words around it."""

from collections.abc import Iterator
from typing import Any

import torch
from lightning.fabric.utilities import move_data_to_device
from torch import Tensor, nn

from dlexp.errors import Diverged, InputError
from dlexp.layers.choice import choose
from dlexp.layers.pairs import pairs
from dlexp.optim.rows import RowAdagrad, RowSGD
from dlexp.tasks.counted_step import count_step
from dlexp.tasks.epoch_log import EpochLog

Batch = tuple[Tensor, Tensor, Tensor, Tensor]  # centre words, their stretches, how far each looks, noise words
Part = tuple[Tensor, Tensor, Tensor]  # of some stretches, without noise
JUDGED = ("loss", "nll", "nll_of_unigrams")
MEASURED = 50  # batches of an epoch on which training is measured, before their steps
MOST_TRAINED = 2**20  # scores for train/nll of a batch: of a large vocabulary, its first stretches
MOST_SCORES = 2**22  # that are held at once to judge a batch


class WordVectors(EpochLog):
    """Trains a model of `dlexp.models.words` by the gradients that it says, which name the rows they are for.

    The learning rate goes along a straight line from `lr` to `final_lr` times that, over all steps.

    `loss` is the model's own, a mean over pairs of a word and one around it. `nll` is the same in nats for all models:
    -log p(word around | word), p over all words that are known. For noise against pairs that is p(u | v) in proportion
    to q(u) exp(v.u), with the noise's shares q. `nll_of_unigrams` takes how often words were read for p. train/nll
    tells how well the vectors say what the text has, val/nll what it has not shown them. Validation and test have the
    draws that they have in every run.
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
        self.logged = {"train/loss", "train/nll", "train/lr"} | judged
        self.states = {name: table.new_zeros(len(table)) for name, table in model.named_parameters()}  # of the rule
        self.sums: list[Tensor] = []  # of the running epoch's steps, float64 (5,): see `measure`
        self.judged: list[Tensor] = []  # of an evaluation's batches

    def setup(self, stage: str) -> None:
        data = self.trainer.datamodule
        if not hasattr(data, "counts"):
            raise InputError(f"this task reads words, and {type(data).__name__} has none: choose data=words")
        if self.trainer.world_size > 1:
            raise InputError("word vectors are trained on one device: set trainer.devices=1")
        rows = len(self.model.vectors)
        if rows < len(data.counts):
            raise InputError(f"model.words={rows}, and the text has {len(data.counts):,} known words: lower data.words")
        self.model.known = len(data.counts)
        self.states = move_data_to_device(self.states, self.trainer.strategy.root_device)

    @property
    def vectors(self) -> Tensor:
        """(V, D), of the words that are known, the commonest first."""
        return self.model.vectors[: len(self.trainer.datamodule.counts)]

    def on_train_start(self) -> None:
        self.total_steps = self.trainer.estimated_stepping_batches

    @torch.no_grad()
    def training_step(self, batch: Batch, batch_idx: int) -> None:
        if batch_idx % max(1, self.trainer.num_training_batches // MEASURED) == 0:  # not of all: it takes time
            self.sums.append(self.measure(batch, next(self.parts(batch, MOST_TRAINED))))
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

    @property
    def pending(self) -> bool:
        return bool(self.sums)

    def log_train(self) -> None:
        values = means(self.sums)
        self.check_loss(values["loss"])
        logged = {f"train/{name}": values[name] for name in ("loss", "nll")}
        logged["train/lr"] = self.lr * self.fall(self.global_step - 1)
        self.log_dict(logged, on_step=False, on_epoch=True, batch_size=1)
        self.sums = []

    def on_validation_epoch_start(self) -> None:
        self.judged = []

    def on_test_epoch_start(self) -> None:
        self.judged = []

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        self.judged.append(self.measure(batch, *self.parts(batch, MOST_SCORES)))

    def test_step(self, batch: Batch, batch_idx: int) -> None:
        self.judged.append(self.measure(batch, *self.parts(batch, MOST_SCORES)))

    def measure(self, batch: Batch, *parts: Part) -> Tensor:
        """float64 (5,): the loss of the batch and its pairs; nll, that of unigrams and the pairs of its `parts`."""
        nll = torch.stack([self.nll(*part) for part in parts]).sum(0)
        return torch.cat([torch.stack(self.model.loss(batch)).double(), nll])

    def nll(self, centres: Tensor, stretches: Tensor, reach: Tensor) -> Tensor:
        """float64 (3,): the sums over pairs of the model's and of the unigrams' -log p, and the number of pairs."""
        data = self.trainer.datamodule
        asked = pairs(stretches, reach)  # (M, C, W + C + W)
        around = stretches.clamp(min=0)
        odds = self.model.log_odds(centres.clamp(min=0), data.noise_shares.float())  # (B, V)
        odds = odds.view(*reach.shape, odds.shape[1])  # (M, C, V)
        of_pairs = odds.gather(2, around[:, None].expand_as(asked))  # (M, C, W + C + W)
        each = odds.logsumexp(2, keepdim=True) - of_pairs
        of_unigrams = -data.read_shares.log()[around][:, None].expand_as(asked)
        ones = torch.ones_like(each)
        return torch.stack([(one * asked).sum(dtype=torch.float64) for one in (each, of_unigrams, ones)])

    def parts(self, batch: Batch, most: int) -> Iterator[Part]:
        """The batch a few stretches at a time: as many as there may be `most` scores for."""
        centres, stretches, reach, _ = batch
        length = reach.shape[1]
        size = max(1, most // (length * self.model.known))  # stretches
        yield from zip(centres.split(size * length), stretches.split(size), reach.split(size), strict=True)

    def on_validation_epoch_end(self) -> None:
        self.log_judged("val")

    def on_test_epoch_end(self) -> None:
        self.log_judged("test")

    def log_judged(self, stage: str) -> None:
        self.log_dict({f"{stage}/{name}": mean for name, mean in means(self.judged).items()})

    def configure_optimizers(self) -> None:
        """None: there is no optimizer of torch's."""

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        checkpoint["rule"] = self.states
        checkpoint["epoch_so_far"] = torch.stack(self.sums) if self.sums else torch.empty(0, 5)

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        device = self.trainer.strategy.root_device
        self.states = move_data_to_device(checkpoint["rule"], device)
        self.sums = list(checkpoint["epoch_so_far"].to(device).unbind())


def means(sums: list[Tensor]) -> dict[str, Tensor]:
    """Of what `measure` gives: by the names in JUDGED, float32 ()."""
    loss, pairs_of_loss, nll, of_unigrams, count = torch.stack(sums).sum(0)
    found = (loss / pairs_of_loss.clamp(min=1), nll / count.clamp(min=1), of_unigrams / count.clamp(min=1))
    return {name: value.float() for name, value in zip(JUDGED, found, strict=True)}
