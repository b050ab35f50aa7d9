"""test/anomaly_auc and figures/anomalies.png: does an autoencoder fail on what it was never trained with?"""

from pathlib import Path

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from torchmetrics.functional.classification import binary_auroc

from dlexp.callbacks.counts import check_counts
from dlexp.callbacks.figures import keep_figure
from dlexp.callbacks.split_batches import split_batches
from dlexp.metrics.image_error import error_of_each


class AnomalyDetection(Callback):
    """Holds the test images of the class `data.leave_out` against the others by their error; idle where it is null.

    The error is the mean square over an image's pixels after the task's `reconstruct`, the AUC the probability that
    an anomaly has the larger one of two. The `worst` images with the largest errors are shown.
    """

    logged = frozenset(("test/anomaly_auc",))

    def __init__(self, *, folder: str, worst: int) -> None:
        check_counts("anomaly_detection", worst=worst)
        self.folder = Path(folder)
        self.worst = worst

    def on_test_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        data = trainer.datamodule
        left_out = getattr(data, "leave_out", None)  # synthetic sets have no such key
        if left_out is None:
            return
        batches = []
        for x, labels in split_batches(trainer, "test", most=None):
            with trainer.precision_plugin.forward_context():
                restored = pl_module.reconstruct(x, labels)
            batches.append([part.cpu() for part in (error_of_each(restored, x), labels == left_out)])
        errors, strange = (torch.cat(part) for part in zip(*batches, strict=True))  # (N,), (N,) bool
        auc = binary_auroc(errors, strange.long())
        pl_module.log("test/anomaly_auc", auc, sync_dist=True)
        if not trainer.is_global_zero or trainer.fast_dev_run:
            return
        from dlexp.reporting.anomalies import anomalies

        worst = errors.argsort(descending=True, stable=True)[: self.worst]
        images = data.images("test")[worst.to(data.device)].cpu().numpy() / 255  # (M, C, H, W)
        figure = anomalies(
            errors.numpy(), strange.numpy(), images, strange[worst].numpy(), name=data.classes[left_out], auc=float(auc)
        )
        keep_figure(trainer, self.folder, "anomalies", figure)
