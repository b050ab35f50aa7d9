"""test/denoising_gain and figures/denoising.png: what an autoencoder makes of noisy test images."""

from pathlib import Path

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from torch import Tensor

from dlexp.callbacks.counts import check_counts
from dlexp.callbacks.figures import keep_figure
from dlexp.callbacks.generalisation_gap import spread_sample
from dlexp.callbacks.split_batches import split_batches
from dlexp.metrics.decibels import gain


class Denoising(Callback):
    """Adds Gaussian noise of `std` to at most `images` of the test split, the same noise in every run.

    The gain is 10 log10(error of the noisy images / error of what the task's `reconstruct` makes of them), where an
    error is the mean square over all pixels; the yardstick is a median filter of 3 x 3 pixels. `columns` images are
    shown.
    """

    logged = frozenset(("test/denoising_gain", "test/denoising_gain_of_median_filter"))

    def __init__(self, *, folder: str, std: float, images: int, columns: int) -> None:
        check_counts("denoising", images=images, columns=columns)
        self.folder = Path(folder)
        self.std = std
        self.images = images
        self.columns = columns

    def on_test_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        generator = torch.Generator().manual_seed(0)
        batches = []
        for x, labels in split_batches(trainer, "test", most=self.images):
            noisy = x + self.std * torch.randn(x.shape, generator=generator).to(x.device)  # (B, C, H, W)
            with trainer.precision_plugin.forward_context():
                restored = pl_module.reconstruct(noisy, labels)
            batches.append([part.cpu() for part in (x, noisy, restored.float(), labels)])
        clean, noisy, restored, labels = (torch.cat(part) for part in zip(*batches, strict=True))  # (N, C, H, W), (N,)
        filtered = median_filter(noisy).clamp(0, 1)  # as what the model gives back is
        noise, of_filter, of_model = (mean_square(images - clean) for images in (noisy, filtered, restored))
        gains = {
            "test/denoising_gain": gain(noise, of_model),
            "test/denoising_gain_of_median_filter": gain(noise, of_filter),
        }
        pl_module.log_dict(gains, sync_dist=True)
        if not trainer.is_global_zero or trainer.fast_dev_run:
            return
        from dlexp.reporting.image_grid import image_rows

        by_model, by_filter = gains.values()
        rows = {
            "clean": clean,
            "noisy": noisy,
            f"median filter\n{by_filter:+.1f} dB": filtered,
            f"autoencoder\n{by_model:+.1f} dB": restored,
        }
        shown = spread_sample(labels, min(self.columns, len(labels)))
        heading = f"Test images under Gaussian noise of {self.std:g}, and what is made of them"
        figure = image_rows([(name, images[shown].numpy()) for name, images in rows.items()], heading=heading)
        keep_figure(trainer, self.folder, "denoising", figure)


def mean_square(difference: Tensor) -> Tensor:
    return difference.square().mean()


def median_filter(images: Tensor) -> Tensor:
    """The median of 3 x 3 pixels in place of each of `images` (N, C, H, W), mirrored at the border."""
    from scipy import ndimage

    return torch.from_numpy(ndimage.median_filter(images.numpy(), size=(1, 1, 3, 3)))
