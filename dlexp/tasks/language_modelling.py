"""Language models: say which character comes next."""

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from dlexp.arguments import check_count
from dlexp.errors import InputError
from dlexp.layers.sampling import draw
from dlexp.tasks.epoch_losses import EpochLosses

State = tuple[Tensor, ...] | None
Batch = tuple[Tensor, Tensor, Tensor | None]


class LanguageModelling(EpochLosses):
    """Trains `model` to give the next character of a text a high probability.

    A batch is characters (B, T), those that follow (B, T), and what is read before them (B, C); None of the latter says
    that it goes on where the batch before ended, with the state that was left then. Gradients stay within a batch
    (truncated backpropagation through time, Williams and Peng 1990). A character of -100 is not asked for.

    Losses are nats a character; `bits_per_character` is the same in bits, over each character of a split once. A
    sample is a window of `length` characters, in FLOPs as in samples a second.
    """

    def __init__(
        self,
        *,
        model: nn.Module,
        optimizer: Callable[..., Optimizer],
        scheduler: Callable[..., LRScheduler],
        length: int,
        monitor: str,
        mode: str,
    ) -> None:
        super().__init__(model=model, optimizer=optimizer, scheduler=scheduler, monitor=monitor, mode=mode)
        if not hasattr(model, "characters"):
            raise InputError(
                f"model {type(model).__name__} does not read characters one after another: choose one such as "
                "model=char_lstm"
            )
        check_count("data.length", length, least=2)
        self.example_input_array = torch.zeros(1, length, dtype=torch.int64)
        self.logged |= {
            f"{stage}/{name}" for stage in ("train", "val", "test") for name in ("loss", "bits_per_character")
        }
        self.carried: State = None  # of the training's streams, after the last batch
        self.carried_before: State = None  # and before it
        self.begun = 0  # batches of the epoch that were processed before it
        self.judged: State = None  # of an evaluation's streams
        self.sums: list[Tensor] = []  # of each of its batches (2,): nats, and characters

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x)[0]  # (B, T, characters + 1)

    def setup(self, stage: str) -> None:
        data = self.trainer.datamodule
        if not all(hasattr(data, part) for part in ("text", "alphabet", "bounds")):
            raise InputError(f"this task reads texts, and {type(data).__name__} is none: choose data=characters")
        if self.model.characters < len(data.alphabet):
            raise InputError(
                f"model.characters={self.model.characters}, but the text has {len(data.alphabet)} that "
                f"data.characters={data.characters} lets in: leave model.characters at ${{data.characters}}"
            )
        if getattr(self.model, "length", data.length) < data.length:
            raise InputError(
                f"model.length={self.model.length} is less than a window of data.length={data.length}: leave "
                "model.length at ${data.length}"
            )

    def after(self, before: Tensor | None, state: State) -> State:
        """The state in which a batch is read: `state`, where that goes on, else that of a reader of `before` (B, C)."""
        if before is None:
            return state
        if not before.shape[1]:
            return None
        with torch.no_grad():
            return self.model(before)[1]

    def nats(self, batch: Batch, state: State, reduction: str) -> tuple[Tensor, State]:
        x, target, before = batch
        logits, state = self.model(x, self.after(before, state))  # (B, T, characters + 1)
        loss = cross_entropy(logits.float().flatten(0, 1), target.flatten(), reduction=reduction)
        return loss, tuple(part.detach() for part in state)

    def training_step(self, batch: Batch, batch_idx: int) -> Tensor:
        self.begun = self.processed
        self.carried_before = self.carried
        loss, self.carried = self.nats(batch, self.carried, "mean")
        self.note(loss=loss)
        return loss

    def train_metrics(self) -> dict[str, Tensor | float]:
        loss = torch.stack(self.losses["loss"]).float().mean()
        return {**super().train_metrics(), "train/bits_per_character": loss / math.log(2)}

    def on_validation_epoch_start(self) -> None:
        self.judged, self.sums = None, []

    def on_test_epoch_start(self) -> None:
        self.judged, self.sums = None, []

    def validation_step(self, batch: Batch, batch_idx: int) -> None:
        self.judge(batch)

    def test_step(self, batch: Batch, batch_idx: int) -> None:
        self.judge(batch)

    def judge(self, batch: Batch) -> None:
        nats, self.judged = self.nats(batch, self.judged, "sum")
        self.sums.append(torch.stack([nats.double(), (batch[1] >= 0).sum()]))

    def on_validation_epoch_end(self) -> None:
        self.log_judged("val")

    def on_test_epoch_end(self) -> None:
        self.log_judged("test")

    def log_judged(self, stage: str) -> None:
        nats, characters = self.trainer.strategy.reduce(torch.stack(self.sums).sum(0), reduce_op="sum")  # over ranks
        loss = nats / characters
        self.log_dict({f"{stage}/loss": loss.float(), f"{stage}/bits_per_character": (loss / math.log(2)).float()})

    @property
    def processed(self) -> int:
        """Batches of the running epoch that were trained on."""
        return self.trainer.fit_loop.epoch_loop.batch_progress.current.processed

    def on_save_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        super().on_save_checkpoint(checkpoint)
        unfinished = self.processed == self.begun  # a batch that is not done with comes again
        state = (self.carried_before if unfinished else self.carried) or ()
        checkpoint["carried"] = [self.of_all_ranks(part) for part in state]

    def of_all_ranks(self, part: Tensor) -> Tensor:
        """(B of all ranks, …), of each rank's (B, …)."""
        together = part.new_zeros(self.trainer.world_size, *part.shape)
        together[self.trainer.global_rank] = part
        return self.trainer.strategy.reduce(together, reduce_op="sum").flatten(0, 1)

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        super().on_load_checkpoint(checkpoint)
        trainer, device = self.trainer, self.trainer.strategy.root_device
        state = [
            part.tensor_split(trainer.world_size)[trainer.global_rank].to(device) for part in checkpoint["carried"]
        ]
        self.carried = tuple(state) or None

    @torch.inference_mode()
    def write(
        self,
        prompt: Tensor,
        count: int,
        *,
        temperature: float,
        top_k: int | None,
        top_p: float | None,
        letters: int,
        generator: torch.Generator,
    ) -> Tensor:
        """`count` characters for each prompt (B, C), C >= 1, int64 (B, count), drawn one after another.

        Of the characters 1 to `letters` only: there is no text with the unknown one. The other arguments are those of
        `draw`. A recurrent net makes a step for each, a Transformer reads its window again.
        """
        logits, state = self.model(prompt)
        written = []
        for _ in range(count):
            last = logits[:, -1, 1 : letters + 1].float()  # (B, letters)
            written.append(1 + draw(last, temperature=temperature, top_k=top_k, top_p=top_p, generator=generator))
            logits, state = self.model(written[-1][:, None], state)
        return torch.stack(written, dim=1)

    @torch.inference_mode()
    def surprise(self, numbers: Tensor, before: int) -> Tensor:
        """Bits (N - before,) of the characters of a text (N,), each after all before it; the first `before` are read
        only, at least one.
        """
        bits, state = [], None
        piece = getattr(self.model, "length", 2 * len(numbers)) // 2  # leaves the rest of a window for what was read
        for given, asked in zip(numbers[:-1].split(piece), numbers[1:].split(piece), strict=True):
            logits, state = self.model(given[None], state)  # (1, P, characters + 1)
            bits.append(cross_entropy(logits[0].float(), asked, reduction="none") / math.log(2))
        return torch.cat(bits)[before - 1 :]
