"""Diabetes: 442 patients, ten measurements, and how far the disease has advanced a year later.

Comes with scikit-learn. Source: Efron, Hastie, Johnstone and Tibshirani 2004, Least Angle Regression,
doi 10.1214/009053604000000067.
"""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from dlexp.data.drawn_splits import check_sizes
from dlexp.data.table_data import TableData
from dlexp.errors import InputError

NAMES = ("age", "sex", "bmi", "bp", "s1", "s2", "s3", "s4", "s5", "s6")
ROWS = 442


class Diabetes(TableData):
    """The columns `features` of it, in their units, or with mean 0 and deviation 1 where `standardize`.

    The target is a number from 25 to 346. Validation and test rows are picked at random, the same in every run.
    """

    def __init__(
        self,
        *,
        features: Sequence[str],
        standardize: bool,
        input_shape: Sequence[int],
        num_classes: int,
        validation: int,
        test: int,
        batch_size: int,
        eval_batch_size: int,
        seed: int,
    ) -> None:
        self.columns = tuple(features)
        for name in features:
            if name not in NAMES:
                raise InputError(f"data.features: there is no {name}, choose from: {', '.join(NAMES)}")
        super().__init__(
            input_shape=input_shape,
            num_classes=num_classes,
            batch_size=batch_size,
            eval_batch_size=eval_batch_size,
            seed=seed,
        )
        self.standardize = standardize
        self.validation = validation
        self.test = test
        check_sizes({"validation": validation, "test": test}, what="rows")
        if validation + test > ROWS - 2:
            raise InputError(f"data.validation={validation} and data.test={test} leave too few of {ROWS} rows")

    def make(self) -> dict[str, tuple[Tensor, Tensor]]:
        from sklearn.datasets import load_diabetes  # 0.4 s

        table = load_diabetes(scaled=False)
        x = table.data[:, [NAMES.index(name) for name in self.columns]]  # (N, D)
        order = np.random.RandomState(0).permutation(ROWS)  # numpy keeps this stream the same in all versions
        test, validation, train = np.split(order, [self.test, self.test + self.validation])
        if self.standardize:
            x = (x - x[train].mean(0)) / x[train].std(0)
        x, y = (torch.from_numpy(values.astype(np.float32)) for values in (x, table.target))
        rows = {"train": train, "val": validation, "test": test}
        return {split: (x[np.sort(picked)], y[np.sort(picked)]) for split, picked in rows.items()}
