"""Precision and recall of samples: how many look like data, and how much of the data they reach."""

import torch
from torch import Tensor

CHUNK = 1000  # rows of the matrix of distances that are in memory at once


def precision_and_recall(real: Tensor, fake: Tensor, neighbours: int) -> tuple[Tensor, Tensor]:
    """Shares () of features `fake` (M, D) among `real` (N, D), and the reverse (Kynkäänniemi et al. 2019).

    arXiv 1904.06991: a point lies among others if it is no further from one of them than that one is from its
    `neighbours`-th nearest. Give equally many of both.
    """
    return among(fake, real, neighbours), among(real, fake, neighbours)


def among(points: Tensor, others: Tensor, neighbours: int) -> Tensor:
    """(): the share of `points` (M, D) that lie among `others` (N, D)."""
    reach = radii(others, neighbours)  # (N,)
    inside = [(distances(part, others) <= reach).any(1) for part in points.split(CHUNK)]  # each (B,)
    return torch.cat(inside).float().mean()


def radii(points: Tensor, neighbours: int) -> Tensor:
    """(N,): the distance of each point to its `neighbours`-th nearest, itself not counted; to the last of few."""
    rank = min(neighbours, len(points) - 1) + 1  # the nearest is the point itself
    return torch.cat([distances(part, points).kthvalue(rank, dim=1).values for part in points.split(CHUNK)])


def distances(points: Tensor, others: Tensor) -> Tensor:
    """(B, N), exactly 0 between equal points."""
    return torch.cdist(points, others, compute_mode="donot_use_mm_for_euclid_dist")
