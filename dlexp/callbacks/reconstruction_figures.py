"""figures/reconstructions.png: test images, what the task gives back of them, and what PCA would."""

from pathlib import Path

import torch
from lightning.pytorch import Callback, LightningModule, Trainer

from dlexp.callbacks.counts import check_counts
from dlexp.callbacks.figures import keep_figure
from dlexp.callbacks.generalisation_gap import spread_sample
from dlexp.callbacks.pca_baseline import PcaBaseline
from dlexp.callbacks.split_batches import split_batches
from dlexp.metrics.image_error import error_of_each


class ReconstructionFigures(Callback):
    """Shows `columns` images of the test split, the same in every run, and those that the task gives back worst.

    Errors are those of the pixels shown, cut to 0..1: of a model or a PCA that leaves this range a bit less than mse.
    The task offers `reconstruct(x, labels) -> (B, C, H, W)` of pixels in 0..1, and `latent_size`.
    """

    def __init__(self, *, folder: str, columns: int) -> None:
        check_counts("reconstruction_figures", columns=columns)
        self.folder = Path(folder)
        self.columns = columns

    def on_test_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if not trainer.is_global_zero or trainer.fast_dev_run:
            return
        from dlexp.reporting.reconstructions import Row, reconstructions

        baseline = next((found for found in trainer.callbacks if isinstance(found, PcaBaseline)), PcaBaseline())
        components = baseline.fitted(trainer, pl_module)
        with torch.inference_mode():
            errors = []
            for x, labels in split_batches(trainer, "test", most=None):
                errors.append(error_of_each(pl_module.reconstruct(x, labels), x))
            errors = torch.cat(errors)  # (N,)
            images, labels = trainer.datamodule.splits["test"]
            columns = min(self.columns, len(labels))
            chosen = {
                f"Some of the {len(labels):,} test images": spread_sample(labels.cpu(), columns).to(labels.device),
                "The worst": errors.argsort(descending=True, stable=True)[:columns],
            }
            blocks = {}
            for said, index in chosen.items():
                x = trainer.datamodule.prepare(images[index])  # (M, C, H, W)
                ours, theirs = pl_module.reconstruct(x, labels[index]), components.reconstruct(x).clamp(0, 1)
                blocks[said] = [
                    Row("image", x.cpu().numpy(), None),
                    Row("given back", ours.float().cpu().numpy(), error_of_each(ours, x).cpu().numpy()),
                    Row("PCA", theirs.float().cpu().numpy(), error_of_each(theirs, x).cpu().numpy()),
                ]
        size = pl_module.latent_size
        numbers = f"{size} number{'s' if size > 1 else ''}"
        heading = f"Held in {numbers}, and given back: error of a pixel {errors.mean():.2g}"
        keep_figure(trainer, self.folder, "reconstructions", reconstructions(blocks, heading=heading))
