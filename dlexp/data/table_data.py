"""The base of all sets whose samples are a few numbers: points in the plane, rows of a table."""

from abc import ABC
from collections.abc import Sequence
from typing import Any, ClassVar

from torch import Tensor

from dlexp.data.resident_data import ResidentData
from dlexp.data.shuffled_loader import ShuffledLoader
from dlexp.errors import InputError


class TableData(ResidentData, ABC):
    """Features float32 (N, D) and labels (N,): int64 of the `classes`, or float32 where a number is to be learned.

    A subclass names its `classes` (none for numbers) and its `columns`, and makes the splits. These must not depend
    on `seed`, which is for the order of training.
    """

    classes: ClassVar[tuple[str, ...]] = ()
    columns: ClassVar[tuple[str, ...]]  # names of the D features

    def __init__(
        self, *, input_shape: Sequence[int], num_classes: int, batch_size: int, eval_batch_size: int, seed: int
    ) -> None:
        super().__init__(batch_size=batch_size, eval_batch_size=eval_batch_size, seed=seed)
        self.input_shape = list(input_shape)
        self.num_classes = num_classes
        if self.input_shape != [len(self.columns)]:
            raise InputError(f"data.input_shape={self.input_shape}, but the set has {len(self.columns)} columns")
        if len(self.classes) not in (0, num_classes):
            raise InputError(f"data.num_classes={num_classes}, but the set has {len(self.classes)} classes")

    @property
    def preprocessing(self) -> dict[str, Any]:
        """What a checkpoint keeps, so that new rows can be asked about."""
        return {"columns": list(self.columns)}

    def features(self, split: str) -> Tensor:
        """float32 (N, D)."""
        return self.splits[split][0]

    def train_dataloader(self) -> "TableLoader":
        return TableLoader(features=self.features("train"), **self.shuffled())


class TableLoader(ShuffledLoader):
    """Shuffled batches of rows (B, D) and labels (B,)."""

    def __init__(self, *, features: Tensor, **order: Any) -> None:
        super().__init__(**order)
        self.features = features  # (N, D)

    def pick(self, index: Tensor, epoch: int, seed: int) -> Tensor:
        return self.features.index_select(0, index)
