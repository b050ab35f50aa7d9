"""figures/weights.png: the weights of a model that multiplies pixels, as images."""

from pathlib import Path

from lightning.pytorch import Callback, LightningModule, Trainer

from dlexp.callbacks.figures import keep_figure


class WeightImages(Callback):
    """Asks the task's model for `weight_images()`, (N, *input_shape); does nothing where the samples are no images.

    `named`: each image belongs to a class. Of more than `most`, those with the largest weights are shown.
    """

    def __init__(self, *, folder: str, named: bool, most: int) -> None:
        self.folder = Path(folder)
        self.named = named
        self.most = most

    def on_test_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        data, model = trainer.datamodule, pl_module.model
        if not trainer.is_global_zero or trainer.fast_dev_run or not hasattr(model, "weight_images"):
            return
        images = model.weight_images().cpu()  # (N, C, H, W) of images
        if images.ndim != 4:
            return
        from dlexp.reporting.weight_images import weight_images

        largest = images.flatten(1).norm(dim=1).argsort(descending=True, stable=True)[: self.most]
        if self.named:
            largest = largest.sort().values  # in the order of the classes
            names = [data.classes[-len(images) :][k] for k in largest]  # two classes have one image, of the second
            heading = "The weights of each class: orange speaks for it, blue against it"
        else:
            names = None
            of = "" if len(images) == len(largest) else f", the {len(largest)} largest of {len(images)}"
            heading = f"The weights of hidden units{of}: orange excites a unit, blue inhibits it"
        keep_figure(
            trainer,
            self.folder,
            "weights",
            weight_images(images[largest].numpy(), names=names, heading=heading),
        )
