"""The adding problem: numbers and two marks, and the sum of the two numbers that are marked."""

from collections.abc import Sequence

import torch
from torch import Tensor

from dlexp.data.fresh_data import FreshData
from dlexp.errors import InputError


class Adding(FreshData):
    """Inputs (N, T, 2), T = `length`: numbers drawn evenly from 0..1, and marks, 1 at two steps and 0 elsewhere, one in
    each half of the sequence. The target (N, 1) is the sum of the two marked numbers.

    After Hochreiter and Schmidhuber 1997, whose sequences differ in length and whose target is 0.5 + (X1 + X2) / 4. The
    sum varies by 1/6 around 1.
    """

    def __init__(
        self,
        *,
        length: int,
        input_shape: Sequence[int],
        num_classes: int,
        batches: int,
        validation: int,
        test: int,
        draw: int,
        batch_size: int,
        eval_batch_size: int,
        seed: int,
    ) -> None:
        super().__init__(
            batches=batches,
            validation=validation,
            test=test,
            draw=draw,
            batch_size=batch_size,
            eval_batch_size=eval_batch_size,
            seed=seed,
        )
        if not isinstance(length, int) or length < 2:
            raise InputError(f"data.length={length}: give a number of time steps, 2 or more: each half has a mark")
        if num_classes:
            raise InputError(f"data.num_classes={num_classes}: the adding problem has no classes, leave it at 0")
        self.length = length
        self.num_classes = num_classes
        self.input_shape = list(input_shape)
        if self.input_shape != [length, 2]:
            raise InputError(f"data.input_shape={self.input_shape}: with data.length={length} it is [{length}, 2]")

    @property
    def problem(self) -> dict[str, int]:
        """What makes it harder: runs that differ in it are not ranked with each other."""
        return {"data.length": self.length}

    def sample(self, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        return self.of_length(self.length, count, generator)

    def of_length(self, length: int, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Inputs (count, length, 2) and targets (count, 1), drawn on the generator's device."""
        drawn = {"generator": generator, "device": generator.device}
        numbers = torch.rand(count, length, **drawn)  # (N, T)
        half = length // 2
        first = torch.randint(half, (count, 1), **drawn)  # (N, 1)
        second = torch.randint(half, length, (count, 1), **drawn)  # (N, 1)
        places = torch.cat([first, second], dim=1)  # (N, 2)
        marks = torch.zeros_like(numbers).scatter_(1, places, 1.0)  # (N, T)
        return torch.stack([numbers, marks], dim=2), numbers.gather(1, places).sum(1, keepdim=True)
