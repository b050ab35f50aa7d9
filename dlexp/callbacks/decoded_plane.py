"""figures/decoded_plane.png: the images of all codes, where a code is two numbers."""

from pathlib import Path

import torch
from lightning.pytorch import Callback, LightningModule, Trainer

from dlexp.callbacks.counts import check_counts
from dlexp.callbacks.figures import keep_figure
from dlexp.callbacks.split_batches import split_batches

EDGE = 0.01  # of the test images' codes that lie beyond the plane's edge, on each side


class DecodedPlane(Callback):
    """Decodes a grid of `side` x `side` codes over the part of the plane where the test split's codes lie."""

    def __init__(self, *, folder: str, side: int) -> None:
        check_counts("decoded_plane", side=side)
        self.folder = Path(folder)
        self.side = side

    def on_test_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if pl_module.latent_size != 2 or not trainer.is_global_zero or trainer.fast_dev_run:
            return
        from dlexp.reporting.image_grid import image_sheet

        with torch.inference_mode():
            batches = split_batches(trainer, "test", most=None)
            codes = torch.cat([pl_module.encode(x, labels).float() for x, labels in batches])  # (N, 2)
            (left, bottom), (right, top) = codes.quantile(codes.new_tensor([EDGE, 1 - EDGE]), dim=0).tolist()
            x = torch.linspace(left, right, self.side, device=codes.device)
            y = torch.linspace(top, bottom, self.side, device=codes.device)  # the second number rises upwards
            grid = torch.cartesian_prod(y, x).flip(1)  # (S * S, 2), row by row
            images = pl_module.decode(grid, torch.zeros(len(grid), dtype=torch.int64, device=grid.device))
        figure = image_sheet(
            images.float().cpu().numpy(),
            columns=self.side,
            heading="What each code of two numbers is decoded to",
            x=f"first number, {left:.2g} to {right:.2g}",
            y=f"second number, {bottom:.2g} to {top:.2g}",
        )
        keep_figure(trainer, self.folder, "decoded_plane", figure)
