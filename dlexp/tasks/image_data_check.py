"""What tasks that make images ask of their data: pixels of 0 to 1, and the classes that the model is told."""

from lightning.pytorch import LightningDataModule

from dlexp.errors import InputError


def check_data(data: LightningDataModule | None, num_classes: int) -> None:
    """InputError if pixels are scaled to something else, or the model is told (0: nothing) of other classes."""
    if data is None:
        return
    if (set(data.mean), set(data.std)) != ({0.0}, {1.0}):
        raise InputError("this task learns pixels of 0 to 1: leave data.mean at [0.0] and data.std at [1.0]")
    if num_classes not in (0, data.num_classes):
        raise InputError(
            f"the model is told one of {num_classes} classes, the data has {data.num_classes}: set "
            f"model.num_classes={data.num_classes}, or 0 for none"
        )
