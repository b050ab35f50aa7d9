"""The plane as a classifier sees it: places all over it, and the probabilities of the classes there."""

import torch
from lightning.pytorch import LightningDataModule, LightningModule
from torch import Tensor, nn

from dlexp.reporting.decision_regions import Box

MARGIN = 0.12  # around the points, as a share of their extent


def is_plane(data: LightningDataModule | None) -> bool:
    """Whether the samples are points in the plane, with classes."""
    return hasattr(data, "features") and len(data.classes) > 0 and list(data.input_shape) == [2]


def box_around(points: Tensor) -> Box:
    """Of points (N, 2), what a figure of them shows."""
    low, high = points.amin(0), points.amax(0)
    margin = MARGIN * (high - low).amax()
    (left, bottom), (right, top) = (low - margin).tolist(), (high + margin).tolist()
    return left, right, bottom, top


@torch.no_grad()
def shares(task: LightningModule, model: nn.Module, box: Box, cells: int, device: torch.device) -> Tensor:
    """Probabilities (cells, cells, K) in the middle of each of the cells that fill the box, the lowest row first."""
    left, right, bottom, top = box
    middle = (torch.arange(cells, device=device) + 0.5) / cells  # (G,)
    y, x = torch.meshgrid(bottom + (top - bottom) * middle, left + (right - left) * middle, indexing="ij")
    scores = model(torch.stack([x, y], 2).reshape(-1, 2))  # (G * G, K)
    return task.probabilities(scores).reshape(cells, cells, -1).cpu()
