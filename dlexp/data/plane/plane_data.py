"""Two classes of points in the plane, drawn anew for each split."""

from collections.abc import Sequence
from typing import ClassVar, Protocol

import torch
from torch import Tensor

from dlexp.data.table_data import TableData
from dlexp.errors import InputError

SPLITS = ("train", "val", "test")


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
        for name, count in self.sizes.items():
            if not isinstance(count, int) or count < 2:
                raise InputError(f"data.{name}={count}: give a number of points, 2 or more")
        if not isinstance(draw, int) or draw < 0:
            raise InputError(f"data.draw={draw}: give a whole number, 0 or more")

    def make(self) -> dict[str, tuple[Tensor, Tensor]]:
        splits = {}
        for place, (split, count) in enumerate(zip(SPLITS, self.sizes.values(), strict=True)):
            generator = torch.Generator().manual_seed(len(SPLITS) * self.draw + place)
            labels = torch.arange(count) % 2  # (N,)
            splits[split] = self.points(labels, generator), labels
        return splits
