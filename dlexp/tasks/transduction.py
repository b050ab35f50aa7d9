"""Encoder-decoders: answer a word with a word, letter by letter."""

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, pad
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from dlexp.errors import InputError
from dlexp.layers.choice import choose
from dlexp.layers.decoding.beam import beam_search
from dlexp.layers.decoding.forced import partly_forced, shifted
from dlexp.layers.decoding.greedy import greedy
from dlexp.layers.tokens import END, FIRST, PAD
from dlexp.metrics.token_scores import count_pairs, macro_scores
from dlexp.tasks.epoch_losses import EpochLosses

MOST_TOKENS = 200  # of an answer whose length nobody knows
OF = {"steps": True, "words": False}  # what is forced: whether each step has a coin of its own
Batch = tuple[Tensor, Tensor]  # words (B, S), right answers (B, T)


class Transduction(EpochLosses):
    """Trains `model` to answer words (B, S) with words (B, T): tokens, padded at their ends.

    In training the decoder is told the right token before each it is to say (teacher forcing), for a share of the
    `forced` `steps` or whole `words` that goes evenly from 1 at the first step to `forced_at_end` at the last; else it
    goes on from what it said itself, through which no gradient flows. The loss is the mean cross-entropy of right
    tokens (nats, with `label_smoothing` of Szegedy et al. 2016, arXiv 1512.00567); padding never counts.

    Validation and test report this loss with all truth told and no smoothing, and how many tokens and whole words are
    right when the model answers freely: the likeliest token each time, or a search with `beam` answers at a time, whose
    scores are divided by length to the power of `length_power`. Test adds precision, recall and F1, each the mean over
    tokens.
    """

    def __init__(
        self,
        *,
        model: nn.Module,
        optimizer: Callable[..., Optimizer],
        scheduler: Callable[..., LRScheduler],
        forced: str,
        forced_at_end: float,
        label_smoothing: float,
        beam: int,
        length_power: float,
        monitor: str,
        mode: str,
    ) -> None:
        super().__init__(model=model, optimizer=optimizer, scheduler=scheduler, monitor=monitor, mode=mode)
        if not all(hasattr(model, part) for part in ("begin", "step", "tokens")):
            raise InputError(
                f"model {type(model).__name__} does not answer a word with a word: choose one such as model=seq2seq"
            )
        self.each_step = choose("task.forced", forced, OF)
        for name, share in (("forced_at_end", forced_at_end), ("label_smoothing", label_smoothing)):
            if not 0 <= share <= 1:
                raise InputError(f"task.{name}={share}: give a share, 0 to 1")
        if not isinstance(beam, int) or beam < 1:
            raise InputError(f"task.beam={beam}: give how many answers are followed at a time, 1 or more")
        if not length_power >= 0:
            raise InputError(f"task.length_power={length_power}: give a number, 0 or more")
        self.forced_at_end = forced_at_end
        self.label_smoothing = label_smoothing
        self.beam = beam
        self.length_power = length_power
        self.sums: list[Tensor] = []  # of each batch of an evaluation (5,): nats, right tokens, all, right words, all
        self.pairs: list[Tensor] = []  # of each batch of a test (tokens, tokens)
        self.logged |= {f"train/{name}" for name in ("loss", "token_accuracy", "forced")}
        self.logged |= {
            f"{stage}/{name}" for stage in ("val", "test") for name in ("loss", "token_accuracy", "sequence_accuracy")
        }
        self.logged |= {f"test/{name}" for name in ("precision", "recall", "f1")}

    def setup(self, stage: str) -> None:
        data = self.trainer.datamodule
        if not hasattr(data, "of_lengths"):
            raise InputError(
                f"this task answers words, and {type(data).__name__} has none: choose data=reversal, copy, sorting or "
                "alphabet"
            )
        if self.model.tokens < FIRST + data.letters:
            raise InputError(
                f"model.letters={self.model.tokens - FIRST}: this data writes its words with {data.letters} letters, "
                "leave it at ${data.letters}"
            )
        endless = self.trainer.max_epochs == -1 and self.trainer.max_steps == -1
        if stage == "fit" and endless and self.forced_at_end < 1:
            raise InputError(
                f"task.forced_at_end={self.forced_at_end} is the share at the last step, and trainer.max_epochs=-1 has "
                "none: give a number of epochs, or trainer.max_steps"
            )

    def forward(self, words: Tensor, given: Tensor) -> Tensor:
        return self.model(words, given)  # (B, T, tokens)

    @property
    def share_forced(self) -> float:
        """Of this training step."""
        done = self.trainer.global_step / self.trainer.estimated_stepping_batches
        return 1 + (self.forced_at_end - 1) * min(done, 1.0)

    def given(self, words: Tensor, right: Tensor) -> Tensor:
        """What the decoder is given in training (B, T)."""
        share = self.share_forced
        if share >= 1:
            return shifted(right)
        columns = right.shape[1] if self.each_step else 1
        truth = torch.rand(len(right), columns, device=right.device) < share  # (B, T or 1)
        return partly_forced(self.model, words, right, truth.expand_as(right))

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        words, right = batch
        logits = self.model(words, self.given(words, right)).float()  # (B, T, tokens)
        loss = cross_entropy(
            logits.flatten(0, 1), right.flatten(), ignore_index=PAD, label_smoothing=self.label_smoothing
        )
        with torch.no_grad():
            counted = right != PAD  # (B, T)
            accuracy = ((logits.argmax(2) == right) & counted).sum() / counted.sum()
        self.note(loss=loss, token_accuracy=accuracy)
        return loss

    def train_metrics(self) -> dict[str, Tensor | float]:
        return {**super().train_metrics(), "train/forced": self.share_forced}

    def on_validation_epoch_start(self) -> None:
        self.sums = []

    def on_test_epoch_start(self) -> None:
        self.sums, self.pairs = [], []

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        self.judge(*batch)

    def test_step(self, batch: Batch, batch_idx: int) -> Tensor:
        """The free answers (B, T): callbacks show them."""
        said = self.judge(*batch)
        self.pairs.append(count_pairs(said, batch[1], self.model.tokens, PAD))
        return said

    def judge(self, words: Tensor, right: Tensor) -> Tensor:
        """Take note of a batch of an evaluation; the free answers (B, T)."""
        logits = self.model(words, shifted(right)).float()  # (B, T, tokens)
        nats = cross_entropy(logits.flatten(0, 1), right.flatten(), ignore_index=PAD, reduction="sum")
        said = self.decode(words, right.shape[1], self.beam)
        counted = right != PAD
        hits = (said == right) & counted
        whole = (hits | ~counted).all(1)  # (B,)
        sums = [nats, hits.sum(), counted.sum(), whole.sum(), whole.new_ones(()).long() * len(whole)]
        self.sums.append(torch.stack([value.double() for value in sums]))
        return said

    def decode(self, words: Tensor, most: int, beam: int) -> Tensor:
        """Free answers (B, most) to words (B, S), padded."""
        if beam == 1:
            said = greedy(self.model, words, most)
        else:
            said = beam_search(self.model, words, most, beam=beam, length_power=self.length_power)
        return pad(said, (0, most - said.shape[1]), value=PAD)

    def answer(self, source: Tensor, beam: int) -> list[int]:
        """The tokens of the answer to one word (1, S), without END."""
        with torch.inference_mode():
            (tokens,) = self.decode(source, MOST_TOKENS, beam).tolist()
        return [token for token in tokens if token not in (PAD, END)]

    def on_validation_epoch_end(self) -> None:
        self.log_judged("val")

    def on_test_epoch_end(self) -> None:
        pairs = self.trainer.strategy.reduce(torch.stack(self.pairs).sum(0), reduce_op="sum")  # over ranks
        scores = zip(("precision", "recall", "f1"), macro_scores(pairs), strict=True)
        self.log_dict({f"test/{name}": score.float() for name, score in scores})
        self.log_judged("test")

    def log_judged(self, stage: str) -> None:
        sums = self.trainer.strategy.reduce(torch.stack(self.sums).sum(0), reduce_op="sum")  # over ranks
        nats, hits, tokens, whole, words = sums.float().unbind()
        values = {"loss": nats / tokens, "token_accuracy": hits / tokens, "sequence_accuracy": whole / words}
        self.log_dict({f"{stage}/{name}": value for name, value in values.items()})
