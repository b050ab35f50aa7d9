"""val/fid, test/fid and their relatives, figures/modes.png: how close samples come to data, as a judge sees them."""

from pathlib import Path
from typing import Any

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from torch import Tensor

from dlexp.callbacks.figures import keep_figure
from dlexp.callbacks.judge_network import JudgeNetwork, Verdict, load_judge
from dlexp.errors import InputError
from dlexp.metrics.frechet import frechet_distance, kernel_distance
from dlexp.metrics.manifolds import precision_and_recall
from dlexp.metrics.modes import covered, mode_divergence

DRAWN = 500  # samples at once


class SampleQuality(Callback):
    """Judges what the task's `generate` gives in the features of the classifier in the checkpoint `judge`.

    Validation holds as many samples as its split has images against them. The test holds `samples` of them, as far as
    there are as many training images, against the test split, in figures by class as well; precision and recall, by the
    `neighbours`-th nearest, take equally many of both. test/fid_of_data is what as many images of the training split
    get: about the floor of a perfect model, since the distance of few samples is above 0 even then.

    The same random numbers in every epoch, drawn apart from those of the training, which is the same without. All
    ranks do the same. Conditional models are asked for the classes of the split. Idle in fast_dev_run.
    """

    logged = frozenset(
        (
            *("val/fid", "test/fid", "test/fid_of_data", "test/kid"),
            *("test/precision_of_samples", "test/recall_of_samples", "test/modes", "test/mode_kl"),
        )
    )

    def __init__(self, *, folder: str, judge: str | None, samples: int, neighbours: int) -> None:
        for name, value, least in (("samples", samples, 2), ("neighbours", neighbours, 1)):
            if value < least:
                raise InputError(f"callbacks.sample_quality.{name}={value}: give {least} or more")
        self.folder = Path(folder)
        self.judge = judge
        self.samples = samples
        self.neighbours = neighbours
        self.network: JudgeNetwork | None = None
        self.of_val: Verdict | None = None

    @property
    def notes(self) -> list[str]:
        """What the report says of these numbers."""
        if self.network is None:
            return []
        return [
            f"FID, KID and all else that is said of samples: {self.caution()}.",
            "FID depends on how many images there are: validation's, of fewer, cannot be held against the test's.",
        ]

    def caution(self) -> str:
        return f"comparable only within dlexp and with the same judge: {self.network.name}"

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        if trainer.fast_dev_run or self.network:
            return
        if not hasattr(pl_module, "generate") or not hasattr(trainer.datamodule, "images"):
            raise InputError(
                "callbacks.sample_quality judges images that a task generates from those it learns from; this task "
                "does not: leave it out with callbacks.sample_quality=null"
            )
        self.network = load_judge(Path(self.judge)).to(trainer.strategy.root_device)

    def on_validation_batch_start(
        self, trainer: Trainer, pl_module: LightningModule, batch: Any, batch_idx: int, dataloader_idx: int = 0
    ) -> None:
        # Beside the first batch the network has what validation sees: eval mode, and the average where EMA is on.
        if self.network is None or batch_idx or dataloader_idx or trainer.sanity_checking:
            return
        data = self.of_val = self.of_val or self.network(trainer.datamodule.images("val"))
        found = self.verdict(trainer, pl_module, "val", len(data.features))
        pl_module.log("val/fid", frechet_distance(data.features, found.features), batch_size=1, sync_dist=True)

    def on_test_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if self.network is None:
            return
        images = trainer.datamodule.images
        count = min(self.samples, len(images("train")))
        data = self.network(images("test"))
        more = self.network(spread(images("train"), count))
        found = self.verdict(trainer, pl_module, "test", count)
        size = min(len(data.features), count)
        precision, recall = precision_and_recall(
            spread(data.features, size), spread(found.features, size), self.neighbours
        )
        counts = [verdict.classes.bincount(minlength=len(self.network.classes)) for verdict in (data, found)]
        values = {
            "fid": frechet_distance(data.features, found.features),
            "fid_of_data": frechet_distance(data.features, more.features),
            "kid": kernel_distance(data.features, found.features),
            "precision_of_samples": precision,
            "recall_of_samples": recall,
            "modes": covered(*counts).float(),
            "mode_kl": mode_divergence(*counts),
        }
        metrics = {f"test/{name}": value.to(pl_module.device, torch.float32) for name, value in values.items()}
        pl_module.log_dict(metrics, batch_size=1, sync_dist=True)
        if trainer.is_global_zero:
            self.draw(trainer, data, found, counts, values)

    def verdict(self, trainer: Trainer, pl_module: LightningModule, split: str, count: int) -> Verdict:
        """Of `count` samples, whose classes, where the model is told one, are as frequent as in the split."""
        generator = torch.Generator().manual_seed(0)
        labels = spread(trainer.datamodule.labels(split), count) if pl_module.num_classes else None
        parts = []
        for first in range(0, count, DRAWN):
            size = min(DRAWN, count - first)
            asked = None if labels is None else labels[first : first + size]
            parts.append(self.network(pl_module.generate(size, generator, asked)))
        return Verdict(*map(torch.cat, zip(*parts, strict=True)))

    def draw(
        self, trainer: Trainer, data: Verdict, found: Verdict, counts: list[Tensor], values: dict[str, Tensor]
    ) -> None:
        from dlexp.reporting.mode_plot import mode_plot

        classes = int((counts[0] > 0).sum())
        figure = mode_plot(
            counts[0].numpy(),
            counts[1].numpy(),
            self.network.classes,
            confidence=(data.confidence.mean().item(), found.confidence.mean().item()),
            heading=f"{values['modes']:.0f} of {classes} classes reached, KL {values['mode_kl']:.2g}",
            note=self.caution(),
        )
        keep_figure(trainer, self.folder, "modes", figure)


def spread(rows: Tensor, count: int) -> Tensor:
    """`count` rows (count, …) of (N, …), evenly from first to last; more than N repeat each, less leave some out."""
    return rows[(torch.arange(count) * len(rows)).div(count, rounding_mode="floor").to(rows.device)]
