"""A line with noise, or a plane in more dimensions: what linear regression assumes, and the truth is known."""

from collections.abc import Sequence

import torch
from torch import Tensor

from dlexp.data.drawn_splits import check_draw, check_sizes, drawn_splits
from dlexp.data.table_data import TableData
from dlexp.errors import InputError


class Line(TableData):
    """y = slope · x + intercept + N(0, noise), each feature of x uniform between `low` and `high`.

    The rows depend on `draw` alone, never on `seed`: runs of several seeds learn the same set.
    """

    def __init__(
        self,
        *,
        slope: Sequence[float],
        intercept: float,
        noise: float,
        low: float,
        high: float,
        input_shape: Sequence[int],
        num_classes: int,
        samples: int,
        validation: int,
        test: int,
        draw: int,
        batch_size: int,
        eval_batch_size: int,
        seed: int,
    ) -> None:
        self.columns = ("x",) if len(slope) == 1 else tuple(f"x{number + 1}" for number in range(len(slope)))
        super().__init__(
            input_shape=input_shape,
            num_classes=num_classes,
            batch_size=batch_size,
            eval_batch_size=eval_batch_size,
            seed=seed,
        )
        self.slope = torch.tensor(slope, dtype=torch.float32, device="cpu")  # (D,)
        self.intercept = intercept
        self.noise = noise
        self.low, self.high = low, high
        self.sizes = {"samples": samples, "validation": validation, "test": test}
        self.draw = draw
        check_sizes(self.sizes, what="rows")
        if not noise >= 0:
            raise InputError(f"data.noise={noise}: give a standard deviation, 0 or more")
        if not low < high:
            raise InputError(f"data.low={low}, data.high={high}: give a lower and a higher number")
        check_draw(draw)

    def make(self) -> dict[str, tuple[Tensor, Tensor]]:
        return drawn_splits(self.sizes, self.draw, self.rows)

    def rows(self, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        x = self.low + (self.high - self.low) * torch.rand(count, len(self.slope), generator=generator)  # (N, D)
        y = x @ self.slope + self.intercept + self.noise * torch.randn(count, generator=generator)  # (N,)
        return x, y
