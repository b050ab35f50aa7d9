"""Who is admitted, by grades and the rank of the school: a user's csv, or made-up applicants that say so."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from dlexp.data.applicants_file import read_applicants
from dlexp.data.splits import stratified_split
from dlexp.data.table_data import TableData
from dlexp.errors import InputError

RANKS = (1, 2, 3, 4)
SYNTHETIC = "synthetic applicants"


class Admissions(TableData):
    """gre and gpa, standardised by the training split, and the rank as one of four: 6 features.

    `csv` is the path of a file with the columns admit, gre, gpa, rank; null takes `synthetic` instead. `validation`
    and `test` rows are split off, stratified by admit and the same in every run.
    """

    classes: ClassVar[tuple[str, ...]] = ("rejected", "admitted")
    columns: ClassVar[tuple[str, ...]] = ("gre", "gpa", *(f"rank_{rank}" for rank in RANKS))

    def __init__(
        self,
        *,
        csv: str | None,
        synthetic: Callable[[], np.ndarray],
        input_shape: Sequence[int],
        num_classes: int,
        validation: int,
        test: int,
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
        self.source = SYNTHETIC if csv is None else Path(csv).name
        rows = synthetic() if csv is None else read_applicants(Path(csv).expanduser())  # (N, 4)
        self.rows = self.divide(rows, {"test": test, "validation": validation})
        grades = self.rows["train"][:, 1:3]  # (N, 2)
        self.mean, self.std = grades.mean(0), grades.std(0)  # (2,), (2,)
        if not self.std.all():
            same = "gre" if not self.std[0] else "gpa"
            raise InputError(f"data.csv={csv}: all applicants of the training split have the same {same}")

    def divide(self, rows: np.ndarray, sizes: Mapping[str, int]) -> dict[str, np.ndarray]:
        """The rows (N, 4) of each split. InputError if there are too few."""
        found = {}
        for key, size in sizes.items():
            try:
                if not isinstance(size, int) or size < 1:
                    raise InputError("give a number of applicants, 1 or more")
                rest, picked = stratified_split(rows[:, 0], size)
            except InputError as error:
                raise InputError(f"data.{key}={size}: {error}") from None
            found["val" if key == "validation" else key] = rows[picked]
            rows = rows[rest]
        if len(np.unique(rows[:, 0])) < 2:
            asked = " and ".join(f"data.{key}={size}" for key, size in sizes.items())
            raise InputError(f"{asked} leave {len(rows)} applicants to train with, not both admitted and rejected ones")
        return {"train": rows} | found

    @property
    def preprocessing(self) -> dict[str, Any]:
        """Enough to ask about new applicants: see `encode`."""
        return super().preprocessing | {"mean": self.mean.tolist(), "std": self.std.tolist(), "source": self.source}

    def applicants(self, split: str) -> np.ndarray:
        """float64 (N, 4) as they are in the file: admit, gre, gpa, rank."""
        return self.rows[split]

    def encode(self, gre: np.ndarray, gpa: np.ndarray, rank: np.ndarray) -> Tensor:
        """float32 (N, 6) of applicants (N,), on the training device."""
        return encode(self.preprocessing, gre, gpa, rank).to(self.device)

    def make(self) -> dict[str, tuple[Tensor, Tensor]]:
        if self.source == SYNTHETIC and (self.trainer is None or self.trainer.is_global_zero):
            print(f"data: {SYNTHETIC}, drawn from a logistic model; real ones by data.csv=PATH")
        return {
            split: (encode(self.preprocessing, *rows[:, 1:].T), torch.from_numpy(rows[:, 0].astype(np.int64)))
            for split, rows in self.rows.items()
        }


def encode(preprocessing: Mapping[str, Any], gre: np.ndarray, gpa: np.ndarray, rank: np.ndarray) -> Tensor:
    """float32 (N, 6): what a model was trained to see of applicants (N,), by the `preprocessing` of its checkpoint."""
    grades = (np.stack([gre, gpa], axis=1) - preprocessing["mean"]) / preprocessing["std"]  # (N, 2)
    one_hot = np.asarray(rank)[:, None] == np.array(RANKS)  # (N, 4)
    return torch.from_numpy(np.concatenate([grades, one_hot], axis=1).astype(np.float32))
