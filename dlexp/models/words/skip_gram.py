"""Skip-gram: two vectors for each word, one as a centre and one in the surroundings of others."""

from abc import ABC, abstractmethod
from typing import NamedTuple

import torch
from torch import Tensor, nn

from dlexp.arguments import check_count
from dlexp.errors import InputError

MOST_NUMBERS = 2**31  # of a table


class Gradient(NamedTuple):
    """Of some rows of a table, each of which may come several times."""

    table: str  # vectors or contexts
    rows: Tensor  # (N,)
    values: Tensor  # (N, D)


class SkipGram(nn.Module, ABC):
    """Tables `vectors` and `contexts` (V, D), of `words` words with `size` numbers each (Mikolov et al. 2013, arXiv
    1301.3781). It says its gradients by itself: those of a batch are of a few rows, and autograd's would be as large
    as the tables. The first `known` rows are those of words that are there: all, until somebody knows it better.

    A batch is centre words (M C,), their stretches (M, W + C + W), how far each looks (M, C), and noise words (M, K).
    """

    def __init__(self, *, words: int, size: int) -> None:
        super().__init__()
        for name, value in (("words", words), ("size", size)):
            check_count(f"model.{name}", value)
        if words * size > MOST_NUMBERS:
            raise InputError(f"model.size={size} for {words:,} words: {MOST_NUMBERS:,} numbers are the most")
        self.known = words
        self.vectors = nn.Parameter(torch.empty(words, size), requires_grad=False)
        self.contexts = nn.Parameter(torch.zeros(words, size), requires_grad=False)
        nn.init.uniform_(self.vectors, -0.5 / size, 0.5 / size)

    @abstractmethod
    def loss(self, batch: tuple[Tensor, ...]) -> tuple[Tensor, Tensor]:
        """Its sum () over the pairs of a batch, and the number of pairs ()."""

    @abstractmethod
    def gradients(self, batch: tuple[Tensor, ...]) -> list[Gradient]:
        """Of that sum."""

    @abstractmethod
    def log_odds(self, centres: Tensor, noise: Tensor) -> Tensor:
        """Up to a constant a row, the log of p(context word | centre): (B, V) for words (B,), V those that `noise`
        (V,) has shares of.
        """
