"""figures/elbo.png, units.png, traversals.png and latent_manifold.png: what a VAE's code is made of."""

from pathlib import Path

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from torch import Tensor

from dlexp.callbacks.counts import check_counts
from dlexp.callbacks.figures import keep_figure
from dlexp.callbacks.training_history import training_history

REACH = 3.0  # standard deviations of the prior that a unit is moved to either side
EDGE = 0.02  # of the prior's probability beyond the manifold's edge, on each side


class VAEFigures(Callback):
    """At the end of training the bound by its parts; after the test, of the code that it has judged:

    the KL divergence of each unit; the `units` with the largest, each moved over the prior in `steps` while the others
    stay at a test image's code; and, of two units, the images of `side` times `side` quantiles of the prior.

    The task offers `unit_kl` (L,), `active` (L,), `encode` and `decode`.
    """

    def __init__(self, *, folder: str, units: int, steps: int, side: int) -> None:
        check_counts("vae_figures", units=units, steps=steps, side=side)
        self.folder = Path(folder)
        self.units = units
        self.steps = steps
        self.side = side

    def on_fit_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if (logged := training_history(trainer, self.folder)) is None:
            return
        from dlexp.reporting.variational_plots import bound_by_parts

        history, best_epoch = logged
        if history.filter(regex="/reconstruction$").notna().any(axis=None):  # an epoch was complete
            keep_figure(trainer, self.folder, "elbo", bound_by_parts(history, best_epoch=best_epoch))

    def on_test_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if not trainer.is_global_zero or trainer.fast_dev_run:
            return
        from dlexp.reporting.variational_plots import units

        figure = units(pl_module.unit_kl.cpu().numpy(), pl_module.active.cpu().numpy())
        keep_figure(trainer, self.folder, "units", figure)
        with torch.inference_mode():
            self.draw_traversals(trainer, pl_module)
            if pl_module.latent_size == 2:
                self.draw_manifold(trainer, pl_module)

    def draw_traversals(self, trainer: Trainer, task: LightningModule) -> None:
        from dlexp.reporting.named_rows import named_rows

        data = trainer.datamodule
        label = data.labels("test")[:1]  # (1,)
        code = task.encode(data.prepare(data.images("test")[:1]), label)  # (1, L)
        largest = task.unit_kl.argsort(descending=True, stable=True)[: self.units]  # (U,)
        moved = code.repeat(len(largest), self.steps, 1)  # (U, S, L)
        values = torch.linspace(-REACH, REACH, self.steps, device=code.device)  # (S,)
        moved[torch.arange(len(largest)), :, largest] = values
        images = decoded(task, moved.flatten(0, 1), label)
        figure = named_rows(
            images.numpy(),
            [f"unit {unit}, {task.unit_kl[unit]:.1f} nats" for unit in largest.tolist()],
            heading="Each unit moved, the others at a test image's code",
            x="value of the unit",
            ends=(f"\N{MINUS SIGN}{REACH:g}", f"{REACH:g}"),
        )
        keep_figure(trainer, self.folder, "traversals", figure)

    def draw_manifold(self, trainer: Trainer, task: LightningModule) -> None:
        from dlexp.reporting.image_grid import image_sheet

        shares = torch.linspace(EDGE, 1 - EDGE, self.side, device=task.device)
        values = torch.special.ndtri(shares)  # (S,) of the prior
        rows, columns = torch.meshgrid(values.flip(0), values, indexing="ij")  # the second unit rises upwards
        codes = torch.stack([columns, rows], dim=-1).flatten(0, 1)  # (S * S, 2)
        label = torch.zeros(1, dtype=torch.int64, device=task.device)
        of = f" of class {trainer.datamodule.classes[0]}" if task.num_classes else ""
        images = decoded(task, codes, label).numpy()
        heading = f"Images{of} of evenly spread quantiles of the prior"
        figure = image_sheet(images, columns=self.side, heading=heading, x="first unit", y="second unit")
        keep_figure(trainer, self.folder, "latent_manifold", figure)


def decoded(task: LightningModule, codes: Tensor, label: Tensor) -> Tensor:
    """Images (N, C, H, W) of codes (N, L), all of one class (1,), on the CPU."""
    return task.decode(codes, label.expand(len(codes))).float().cpu()
