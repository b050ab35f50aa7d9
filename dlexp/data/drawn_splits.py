"""Splits of rows that are drawn from a formula: anew for each split, the same in every run."""

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from dlexp.arguments import check_count
from dlexp.errors import InputError

SPLITS = ("train", "val", "test")

Rows = tuple[Tensor, Tensor]  # features (N, D), labels (N,)


def check_sizes(sizes: Mapping[str, int], *, what: str) -> None:
    """InputError unless there are at least two of `what` (points, rows) for each key of the data's config."""
    for name, count in sizes.items():
        if not isinstance(count, int) or count < 2:
            raise InputError(f"data.{name}={count}: give a number of {what}, 2 or more")


def check_draw(draw: int) -> None:
    check_count("data.draw", draw, least=0)


def drawn_splits(sizes: Mapping[str, int], draw: int, rows: Callable[[int, torch.Generator], Rows]) -> dict[str, Rows]:
    """The three splits, of `sizes` in this order. `rows` draws a number of them; another `draw` draws others."""
    return {
        split: rows(count, torch.Generator().manual_seed(len(SPLITS) * draw + place))
        for place, (split, count) in enumerate(zip(SPLITS, sizes.values(), strict=True))
    }
