"""Do vectors find those words alike that people find alike? WordSim-353, SimLex-999 and lists like them."""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from dlexp.errors import InputError


def read_rated_pairs(path: Path) -> list[tuple[str, str, float]]:
    """Two words in lower case and how alike people find them, of each line; lines that begin with # say something else.

    InputError for a line of another form.
    """
    rated = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        parts = line.split()
        if not parts or line.startswith("#"):
            continue
        try:
            first, second, rating = parts
            rated.append((first.lower(), second.lower(), float(rating)))
        except ValueError as error:
            raise InputError(f"{path}, line {number}: it is not two words and a number") from error
    return rated


def similarity_correlation(
    vectors: Tensor, places: Mapping[str, int], rated: list[tuple[str, str, float]]
) -> tuple[float, int]:
    """Spearman's rank correlation of people's ratings and cosines, over the pairs of which both words have a vector,
    and how many these are. `vectors` (V, D); `places` are a word's row. NaN for fewer than two pairs, or where all
    cosines or ratings are the same.
    """
    known = [(places[a], places[b], rating) for a, b, rating in rated if a in places and b in places]
    if len(known) < 2:
        return float("nan"), len(known)
    first, second, ratings = zip(*known, strict=True)
    cosines = torch.cosine_similarity(vectors[list(first)], vectors[list(second)]).double()
    return spearman(cosines, torch.tensor(ratings, dtype=torch.float64)), len(known)


def spearman(a: Tensor, b: Tensor) -> float:
    """Of (N,) and (N,): Pearson's correlation of the ranks, and those that are equal have the mean of their ranks."""
    return torch.corrcoef(torch.stack([ranks(a), ranks(b)]))[0, 1].item()


def ranks(values: Tensor) -> Tensor:
    """float64 (N,), from 0."""
    _, group, sizes = values.unique(sorted=True, return_inverse=True, return_counts=True)
    return (sizes.cumsum(0) - (sizes + 1) / 2).double()[group]
