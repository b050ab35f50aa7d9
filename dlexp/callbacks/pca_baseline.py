"""val/mse_of_pca and test/mse_of_pca: what a linear code of the same size loses of the same images."""

import torch
from lightning.pytorch import Callback, LightningModule, Trainer

from dlexp.callbacks.split_batches import split_batches
from dlexp.metrics.principal_components import PrincipalComponents


class PcaBaseline(Callback):
    """Logs the mean squared error per pixel of PCA with as many components as the task's code has numbers.

    No linear code loses less of the images it was fitted to, here those of the training split, and a linear
    autoencoder learns the same (Baldi and Hornik 1989). It is fitted once a run and draws nothing.

    The task has `latent_size`, the data `splits` and `prepare`.
    """

    logged = frozenset(("val/mse_of_pca", "test/mse_of_pca"))

    def __init__(self) -> None:
        self.components: PrincipalComponents | None = None
        self.errors: dict[str, float] = {}  # of each split that was judged

    def fitted(self, trainer: Trainer, pl_module: LightningModule) -> PrincipalComponents:
        """The components, of pixels in 0..1."""
        if self.components is None:
            images, _ = trainer.datamodule.splits["train"]
            of_bytes = PrincipalComponents.of(images, pl_module.latent_size)
            self.components = PrincipalComponents(of_bytes.mean / 255, of_bytes.directions)
        return self.components

    def on_validation_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.log_error(trainer, pl_module, "val")

    def on_test_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.log_error(trainer, pl_module, "test")

    def log_error(self, trainer: Trainer, pl_module: LightningModule, split: str) -> None:
        if split not in self.errors:
            components = self.fitted(trainer, pl_module)
            total, pixels = torch.zeros((), dtype=components.mean.dtype, device=components.mean.device), 0
            for x, _ in split_batches(trainer, split, most=None):
                total += (components.reconstruct(x) - x).square().sum()
                pixels += x.numel()
            self.errors[split] = total.item() / pixels
        pl_module.log(f"{split}/mse_of_pca", self.errors[split], sync_dist=True)
