"""figures/: where optimizers walked on a surface, how near they came, what their learning rates did; and a film."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import torch
from lightning.pytorch import Callback, LightningModule, Trainer

from dlexp.callbacks.figures import keep_figure

if TYPE_CHECKING:
    from dlexp.reporting.landscape import Landscape


class PathFigures(Callback):
    """Reads what the task OptimizerPaths keeps: `trail`, `search`, and the surface as its `model`."""

    def __init__(self, *, folder: str, grid: int, frames: int, seconds: float) -> None:
        self.folder = Path(folder)
        self.grid = grid
        self.frames = frames
        self.seconds = seconds

    def on_test_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if not trainer.is_global_zero or trainer.fast_dev_run:
            return
        from dlexp.reporting import path_plots
        from dlexp.reporting.atomic import write_bytes
        from dlexp.reporting.path_animation import animate

        names, rates = list(pl_module.rules), pl_module.rates.cpu().numpy()
        chosen = [pl_module.search["best"][name]["lr"] for name in names]
        trails = pl_module.trail.cpu().numpy()  # (T + 1, O, 2)
        steps = len(trails) - 1
        land = landscape(pl_module.model, self.grid)
        distances = pl_module.model.distance(pl_module.trail).cpu().numpy()  # (T + 1, O)
        title = f"{in_words(type(pl_module.model).__name__)}: {steps} steps, each with its best learning rate"
        found = {
            "paths": path_plots.all_paths(land, trails, names, title=title),
            "path_of_each": path_plots.each_path(land, trails, names, notes(pl_module, distances[-1])),
            "distance": path_plots.distance_over_steps(distances, names, near=pl_module.near),
            "learning_rates": path_plots.distance_over_rates(rates, response(pl_module), names, chosen=chosen),
        }
        for name, figure in found.items():
            keep_figure(trainer, self.folder, name, figure)
        film = animate(land, trails, names, frames=self.frames, seconds=self.seconds, title=title)
        write_bytes(self.folder / "figures" / "paths.gif", film)


def landscape(surface: torch.nn.Module, grid: int) -> "Landscape":
    """The surface within its window, at grid x grid points."""
    from dlexp.reporting.landscape import Landscape

    left, right, bottom, top = surface.window
    x, y = (torch.linspace(*ends, grid, dtype=torch.float64) for ends in ((left, right), (bottom, top)))
    points = torch.stack(torch.meshgrid(x, y, indexing="xy"), dim=-1)  # (H, W, 2)
    values = surface(points.to(surface.start.device))
    arrays = (x, y, values, surface.start, surface.minima)
    return Landscape(*(array.cpu().numpy() for array in arrays))


def response(task: LightningModule) -> np.ndarray:
    """Distances (O, R) at the end of the search, for the memory with which each optimizer was best."""
    rows = [
        distance[(task.memory.cpu() - task.search["best"][name]["memory"]).abs().argmin()]
        for name, distance in zip(task.rules, task.search["distance"], strict=True)
    ]
    return torch.stack(rows).cpu().numpy()


def notes(task: LightningModule, distances: np.ndarray) -> list[str]:
    """Of each optimizer, what was found: lr 0.0032, memory 0.94, 1.2e-06 left."""
    found = []
    for name, distance in zip(task.rules, distances, strict=True):
        best = task.search["best"][name]
        memory = f", {task.remembered_by[name]} {best['memory']:g}" if name in task.remembered_by else ""
        found.append(f"lr {best['lr']:.2g}{memory}, {distance:.2g} left")
    return found


def in_words(name: str) -> str:
    """ThreeHumpCamel: Three hump camel."""
    return "".join(f" {c.lower()}" if c.isupper() else c for c in name).strip().capitalize()
