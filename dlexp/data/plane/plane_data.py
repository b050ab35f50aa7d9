"""Two classes of points in the plane, drawn anew for each split."""

from collections.abc import Sequence
from typing import ClassVar, Protocol

import torch
from torch import Tensor

from dlexp.data.drawn_splits import check_draw, check_sizes, drawn_splits
from dlexp.data.table_data import TableData


class Points(Protocol):
    """Where the points of the two classes lie."""

    def __call__(self, labels: Tensor, generator: torch.Generator) -> Tensor:
        """A point float32 (N, 2) for each of the labels (N,), drawn with the generator."""


class PlaneData(TableData):
    """`samples` points to train with, and `validation` and `test` further ones; half of each are of class 1.

    The points depend on `draw` alone, never on `seed`: runs of several seeds learn the same set.
    """

    classes: ClassVar[tuple[str, ...]] = ("0", "1")
    columns: ClassVar[tuple[str, ...]] = ("x", "y")

    def __init__(
        self,
        *,
        points: Points,
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
        super().__init__(
            input_shape=input_shape,
            num_classes=num_classes,
            batch_size=batch_size,
            eval_batch_size=eval_batch_size,
            seed=seed,
        )
        self.points = points
        self.sizes = {"samples": samples, "validation": validation, "test": test}
        self.draw = draw
        check_sizes(self.sizes, what="points")
        check_draw(draw)

    def make(self) -> dict[str, tuple[Tensor, Tensor]]:
        return drawn_splits(self.sizes, self.draw, self.rows)

    def rows(self, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        labels = torch.arange(count) % 2  # (N,)
        return self.points(labels, generator), labels
