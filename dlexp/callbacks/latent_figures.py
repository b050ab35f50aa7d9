"""figures/latent.png and figures/interpolations.png: where images lie in the code, and what lies between two."""

from pathlib import Path

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from torch import Tensor

from dlexp.callbacks.counts import check_counts
from dlexp.callbacks.figures import keep_figure
from dlexp.callbacks.split_batches import split_batches

ROWS = 6  # pairs of images
STEPS = 9  # from the code of one to the code of the other, both included


class LatentFigures(Callback):
    """The map has at most `most` images of the test split, a stratified sample, the same in every run.

    Codes of two numbers are shown as they are; larger ones by their two principal components, and by t-SNE. Between
    two images of different classes lies a straight line of codes, which the task decodes; a task that is told the
    class is told that of the nearer end.

    The task offers `encode(x, labels) -> (B, L)` and `decode(code, labels) -> (B, C, H, W)`, 0..1.
    """

    def __init__(self, *, folder: str, most: int) -> None:
        check_counts("latent_figures", most=most)
        self.folder = Path(folder)
        self.most = most

    def on_test_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if not trainer.is_global_zero or trainer.fast_dev_run:
            return
        with torch.inference_mode():
            self.draw_map(trainer, pl_module)
            self.draw_interpolations(trainer, pl_module)

    def draw_map(self, trainer: Trainer, task: LightningModule) -> None:
        from dlexp.reporting.latent_plots import latent_map

        batches = list(split_batches(trainer, "test", most=self.most))
        codes = torch.cat([task.encode(x, labels).float().cpu() for x, labels in batches])  # (N, L)
        labels = torch.cat([labels for _, labels in batches]).cpu()  # (N,)
        figure = latent_map(codes.numpy(), labels.numpy(), trainer.datamodule.classes)
        keep_figure(trainer, self.folder, "latent", figure)

    def draw_interpolations(self, trainer: Trainer, task: LightningModule) -> None:
        from dlexp.reporting.latent_plots import interpolations

        data = trainer.datamodule
        images, labels = data.splits["test"]
        index = pairs(labels.cpu(), ROWS).to(labels.device)  # (R, 2)
        if not len(index):
            return
        ends = data.prepare(images[index.flatten()])  # (2 R, C, H, W)
        classes = labels[index]  # (R, 2)
        start, stop = task.encode(ends, classes.flatten()).unflatten(0, (-1, 2)).unbind(1)  # (R, L) each
        shares = torch.linspace(0, 1, STEPS, device=start.device)  # (S,)
        codes = torch.lerp(start[:, None], stop[:, None], shares[:, None])  # (R, S, L)
        nearer = torch.where(shares <= 0.5, classes[:, :1], classes[:, 1:])  # (R, S)
        between = task.decode(codes.flatten(0, 1), nearer.flatten()).unflatten(0, (-1, STEPS))  # (R, S, C, H, W)
        figure = interpolations(
            ends.unflatten(0, (-1, 2)).float().cpu().numpy(),
            between.float().cpu().numpy(),
            [tuple(data.classes[label] for label in pair) for pair in classes.tolist()],
        )
        keep_figure(trainer, self.folder, "interpolations", figure)


def pairs(labels: Tensor, count: int) -> Tensor:
    """Indices (count, 2) of samples of different classes, the same in every run; none where there is one class."""
    shuffled = torch.randperm(len(labels), generator=torch.Generator().manual_seed(0))  # (N,)
    first, second = shuffled[: len(shuffled) // 2], shuffled[len(shuffled) // 2 :]
    both = torch.stack([first, second[: len(first)]], dim=1)  # (N / 2, 2)
    return both[labels[both[:, 0]] != labels[both[:, 1]]][:count]
