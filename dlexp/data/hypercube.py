"""All inputs of -1 and +1, and a function that asks whether their sum lies in an interval."""

from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor

from dlexp.data.table_data import TableData
from dlexp.errors import InputError

MOST = 1000  # of `dimension`: 2^dimension still fits a float
MOST_INPUTS = 2**16


class Hypercube(TableData):
    """Inputs x in {-1, +1}^D, D = `dimension`; class 1 where low <= x_1 + … + x_D <= high.

    These are all 2^D inputs if there are no more than `inputs`, else so many of them, drawn at random by `draw`. Every
    split is the same: there is nothing else to be asked.
    """

    classes: ClassVar[tuple[str, ...]] = ("-1", "+1")

    def __init__(
        self,
        *,
        dimension: int,
        low: int,
        high: int,
        inputs: int,
        draw: int,
        input_shape: Sequence[int],
        num_classes: int,
        batch_size: int,
        eval_batch_size: int,
        seed: int,
    ) -> None:
        for name, value in (("dimension", dimension), ("low", low), ("high", high), ("inputs", inputs), ("draw", draw)):
            if not isinstance(value, int):
                raise InputError(f"data.{name}={value} does not work: give a whole number")
        if not 1 <= dimension <= MOST:
            raise InputError(f"data.dimension={dimension} does not work: give a number of inputs from 1 to {MOST:,}")
        if low > high:
            raise InputError(f"data.low={low} is above data.high={high}: give the interval's lower end first")
        if not 1 <= inputs <= MOST_INPUTS or draw < 0:
            raise InputError(
                f"data.inputs={inputs}, data.draw={draw}: give 1 to {MOST_INPUTS:,} inputs, and a number from 0 up"
            )
        self.columns = tuple(f"x{i + 1}" for i in range(dimension))
        super().__init__(
            input_shape=input_shape,
            num_classes=num_classes,
            batch_size=batch_size,
            eval_batch_size=eval_batch_size,
            seed=seed,
        )
        self.dimension, self.low, self.high, self.inputs, self.draw = dimension, low, high, inputs, draw

    def make(self) -> dict[str, tuple[Tensor, Tensor]]:
        if 2**self.dimension <= self.inputs:
            number, digit = torch.arange(2**self.dimension), torch.arange(self.dimension).flip(0)  # (N,), (D,)
            bits = number[:, None] >> digit & 1  # (N, D): binary, the highest digit first
        else:
            generator = torch.Generator().manual_seed(self.draw)
            bits = torch.randint(2, (self.inputs, self.dimension), generator=generator)  # (N, D)
        x = 2 * bits - 1
        total = x.sum(1)  # (N,)
        labels = ((self.low <= total) & (total <= self.high)).long()
        return dict.fromkeys(("train", "val", "test"), (x.float(), labels))
