"""Update rules for large tables: a step touches only the rows that a batch names, be it several times."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor


class RowRule(ABC):
    """What a rule remembers of a table (V, D) is one number a row, `state` (V,)."""

    @abstractmethod
    def step(self, table: Tensor, rows: Tensor, gradients: Tensor, state: Tensor, lr: float) -> None:
        """A step in place. `rows` (N,) may name a row again and again, each time with a gradient of its own (N, D).

        `gradients` may be overwritten.
        """


class RowSGD(RowRule):
    """Gradient descent: the gradients of a row add up."""

    def step(self, table: Tensor, rows: Tensor, gradients: Tensor, state: Tensor, lr: float) -> None:
        table.index_add_(0, rows, gradients, alpha=-lr)


class RowAdagrad(RowRule):
    """Adagrad (Duchi, Hazan and Singer 2011) with one rate a row: lr over the root of the sum of its mean squares.

    In the sum every gradient counts by itself, also those of one row in one batch, and all are taken at the rate that
    holds after the batch: a common word, with many in a batch, does not jump by their sum, and nothing is sorted.
    """

    smallest = 1e-8  # of a sum: a row without gradients stays where it is

    def step(self, table: Tensor, rows: Tensor, gradients: Tensor, state: Tensor, lr: float) -> None:
        squares = torch.linalg.vector_norm(gradients, dim=1).square_().div_(table.shape[1])  # (N,)
        state.index_add_(0, rows, squares)
        rate = state.index_select(0, rows).add_(self.smallest).rsqrt_().mul_(-lr)  # (N,)
        table.index_add_(0, rows, gradients.mul_(rate[:, None]))
