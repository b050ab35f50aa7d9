"""figures/samples.png: images that a task's `generate` makes."""

from pathlib import Path

import torch
from lightning.pytorch import Callback, LightningModule, Trainer

from dlexp.callbacks.counts import check_counts
from dlexp.callbacks.figures import keep_figure

SEED = 0  # the same codes in every run, so that two can be compared


class SampleFigures(Callback):
    """Shows `count` of them; where the task is asked for a class, a row for each, of `count` or a few less in all.

    The task offers `generate(n, generator, labels) -> (n, C, H, W)` and `num_classes`.
    """

    def __init__(self, *, folder: str, count: int) -> None:
        check_counts("sample_figures", count=count)
        self.folder = Path(folder)
        self.count = count

    def on_test_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if not trainer.is_global_zero or trainer.fast_dev_run:
            return
        from dlexp.reporting.image_grid import image_sheet
        from dlexp.reporting.named_rows import named_rows

        classes = pl_module.num_classes
        each = max(1, self.count // classes) if classes else 0
        labels = torch.arange(classes).repeat_interleave(each) if classes else None  # (n,)
        generator = torch.Generator().manual_seed(SEED)
        with torch.inference_mode():
            images = pl_module.generate(classes * each or self.count, generator, labels)  # (n, C, H, W)
        images = images.float().cpu().numpy()
        if classes:
            names = [str(name) for name in trainer.datamodule.classes]
            figure = named_rows(images, names, heading="Samples of each class")
        else:
            columns = -(-self.count // max(1, round(self.count**0.5)))
            figure = image_sheet(images, columns=columns, heading="Samples")
        keep_figure(trainer, self.folder, "samples", figure)
