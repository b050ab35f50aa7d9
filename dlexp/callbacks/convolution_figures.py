"""figures/kernels_and_paddings.png, figures/weight_sharing.png: convolution on a picture, as a matrix, under shifts."""

from pathlib import Path

from lightning.pytorch import Callback, LightningModule, Trainer

from dlexp.callbacks.figures import keep_figure


class ConvolutionFigures(Callback):
    """Reads what the task has measured and computed: `picture`, `filtered`, `padded`, `matrix`, `kernel`, `errors`."""

    def __init__(self, *, folder: str) -> None:
        self.folder = Path(folder)

    def on_test_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if not trainer.is_global_zero or trainer.fast_dev_run:
            return
        from dlexp.reporting.kernel_plots import kernels_and_paddings
        from dlexp.reporting.weight_sharing_plots import weight_sharing

        figure = kernels_and_paddings(pl_module.filtered, pl_module.padded, pl_module.margin)
        keep_figure(trainer, self.folder, "kernels_and_paddings", figure)
        errors = {name: error.cpu().numpy() for name, error in pl_module.errors.items()}
        figure = weight_sharing(pl_module.matrix.numpy(), pl_module.kernel.numpy(), errors)
        keep_figure(trainer, self.folder, "weight_sharing", figure)
