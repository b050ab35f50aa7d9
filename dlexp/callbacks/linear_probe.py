"""test/probe_accuracy: what a linear classifier makes of the codes, which were learned without classes."""

import warnings

import numpy as np
import torch
from lightning.pytorch import Callback, LightningModule, Trainer

from dlexp.callbacks.counts import check_counts
from dlexp.callbacks.split_batches import split_batches

STEPS = 100  # of the probe's solver at most


class LinearProbe(Callback):
    """Fits logistic regression to the standardised codes of at most `images` training images, judges it on the test
    split.

    The task offers `encode(x, labels) -> (B, L)`. A code that knows the class without having been told it has a high
    accuracy (Alain and Bengio 2016, arXiv 1610.01644).
    """

    logged = frozenset(("test/probe_accuracy",))

    def __init__(self, *, images: int) -> None:
        check_counts("linear_probe", images=images)
        self.images = images

    def on_test_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        probe = make_pipeline(StandardScaler(), LogisticRegression(max_iter=STEPS))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # near enough to compare codes
            probe.fit(*codes(trainer, pl_module, "train", most=self.images))
        x, labels = codes(trainer, pl_module, "test", most=None)  # (N, L), (N,)
        known = np.isin(labels, probe.classes_)  # all but data.leave_out, which nobody could name
        pl_module.log("test/probe_accuracy", probe.score(x[known], labels[known]), sync_dist=True)


def codes(trainer: Trainer, pl_module: LightningModule, split: str, *, most: int | None) -> list[np.ndarray]:
    """Codes (N, L) and labels (N,) of a split."""
    found = []
    for x, labels in split_batches(trainer, split, most=most):
        with trainer.precision_plugin.forward_context():
            found.append((pl_module.encode(x, labels).float().cpu(), labels.cpu()))
    return [torch.cat(part).numpy() for part in zip(*found, strict=True)]
