"""test/varying_units, activity, jacobian_norm, code_shift and figures/code.png: what regularizers promise of a code."""

from pathlib import Path

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from torch import Tensor

from dlexp.callbacks.counts import check_counts
from dlexp.callbacks.figures import keep_figure
from dlexp.callbacks.generalisation_gap import spread_sample
from dlexp.callbacks.split_batches import split_batches
from dlexp.metrics.codes import LEAST, activity, shift, spread, varying_units
from dlexp.metrics.jacobian import squared_norms

ROWS = 200  # images in the figure


class CodeMeasures(Callback):
    """Measures the task's `encode` on the test split, free of the code's scale: methods can be compared.

    varying_units: share of the units that vary over the images. activity: share of them that is active for an image.
    code_shift: how far the code moves under Gaussian noise of `std`, as a share of the codes' spread. jacobian_norm:
    the same for ever smaller noise, divided by its standard deviation, from at most `jacobians` images.
    """

    logged = frozenset(f"test/{name}" for name in ("varying_units", "activity", "code_shift", "jacobian_norm"))

    def __init__(self, *, folder: str, std: float, jacobians: int) -> None:
        check_counts("code_measures", jacobians=jacobians)
        self.folder = Path(folder)
        self.std = std
        self.jacobians = jacobians

    def on_test_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        generator = torch.Generator().manual_seed(0)
        clean, noisy, classes = [], [], []
        for x, labels in split_batches(trainer, "test", most=None):
            noise = torch.randn(x.shape, generator=generator).to(x.device)  # (B, C, H, W)
            classes.append(labels)
            with trainer.precision_plugin.forward_context():
                clean.append(pl_module.encode(x, labels).float())
                noisy.append(pl_module.encode(x + self.std * noise, labels).float())
        codes = torch.cat(clean)  # (N, L)
        values = {
            "test/varying_units": varying_units(codes),
            "test/activity": activity(codes),
            "test/code_shift": shift(codes, torch.cat(noisy)),
            "test/jacobian_norm": self.jacobian_norm(trainer, pl_module) / spread(codes).clamp(min=LEAST),
        }
        pl_module.log_dict(values, sync_dist=True)
        if not trainer.is_global_zero or trainer.fast_dev_run:
            return
        from dlexp.reporting.codes import code_map

        labels = torch.cat(classes).cpu()
        shown = spread_sample(labels, min(ROWS, len(labels)))  # ordered by class
        figure = code_map(codes.cpu()[shown].numpy(), labels[shown].numpy(), trainer.datamodule.classes)
        keep_figure(trainer, self.folder, "code", figure)

    def jacobian_norm(self, trainer: Trainer, pl_module: LightningModule) -> Tensor:
        """(): the root of the mean of squared Frobenius norms."""
        squares = []
        for x, labels in split_batches(trainer, "test", most=self.jacobians):
            with trainer.precision_plugin.forward_context():
                squares.append(squared_norms(lambda x, labels=labels: pl_module.encode(x, labels), x))
        return torch.cat(squares).mean().sqrt()
