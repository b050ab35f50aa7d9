"""What a model must offer so that sequences can be chosen from what it says."""

from typing import Protocol

import torch
from torch import Tensor

from dlexp.layers.tokens import BEGIN, PAD

State = tuple[Tensor, ...]  # each (B, …)


class Decoder(Protocol):
    """Such as RecurrentSeq2Seq."""

    def begin(self, words: Tensor) -> State:
        """The state in which answers to words (B, S) begin."""

    def step(self, token: Tensor, state: State) -> tuple[Tensor, State]:
        """The last tokens (B,) to logits (B, V) of the next, and the state after it."""


def sayable(logits: Tensor) -> Tensor:
    """Logits (B, V) float, of which those of PAD and BEGIN, which are no answer, are lowest."""
    logits = logits.float().clone()
    logits[:, PAD] = logits[:, BEGIN] = -torch.inf  # by number: an index on the device would be waited for
    return logits
