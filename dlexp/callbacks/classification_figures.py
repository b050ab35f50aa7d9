"""figures/confusion_matrix.png and figures/mistakes.png: where a classifier is wrong on the test split."""

from pathlib import Path

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from torchmetrics.functional.classification import multiclass_confusion_matrix

from dlexp.callbacks.figures import keep_figure


class ClassificationFigures(Callback):
    """Reads the task's `outputs`: logits (N, K) and labels (N,) of the test split, in its order.

    Where the samples are no images, nothing can be shown of the mistakes.
    """

    def __init__(self, *, folder: str, mistakes: int) -> None:
        self.folder = Path(folder)
        self.mistakes = mistakes

    def on_test_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if trainer.world_size > 1 or trainer.fast_dev_run:
            return  # a rank holds its shard only
        from dlexp.reporting import plots

        classes = trainer.datamodule.classes
        logits, labels = (torch.cat(parts).cpu() for parts in zip(*pl_module.outputs, strict=True))
        confidence, predicted = logits.softmax(1).max(1)  # (N,), (N,)
        counts = multiclass_confusion_matrix(predicted, labels, num_classes=len(classes))  # (K, K)
        keep_figure(trainer, self.folder, "confusion_matrix", plots.confusion_matrix(counts.numpy(), classes))

        if not hasattr(trainer.datamodule, "images"):
            return
        wrong = (predicted != labels).nonzero().squeeze(1)
        worst = wrong[confidence[wrong].argsort(descending=True, stable=True)][: self.mistakes]
        if len(worst) == 0:
            return
        images = trainer.datamodule.images("test")[worst.to(trainer.datamodule.images("test").device)]
        figure = plots.mistakes(
            images.cpu().numpy(), labels[worst].numpy(), predicted[worst].numpy(), confidence[worst].numpy(), classes
        )
        keep_figure(trainer, self.folder, "mistakes", figure)
