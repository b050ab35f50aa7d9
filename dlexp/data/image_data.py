"""The base of all image sets: splits on the training device, batches without workers."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch
from torch import Tensor

from dlexp.data.augment import Augment
from dlexp.data.loader import TrainLoader
from dlexp.data.normalize import Normalize
from dlexp.data.resident_data import ResidentData
from dlexp.data.splits import stratified_split
from dlexp.errors import InputError

Arrays = tuple[np.ndarray, np.ndarray]  # images (N, C, H, W) uint8, labels (N,) int64


class ImageData(ResidentData, ABC):
    """A set of images of one size, small enough to lie on the training device as a whole.

    A subclass names its `classes` and says where the arrays come from. Validation and limit are split off the
    training images, stratified and the same in every run. The class `leave_out` is in the test split alone. `mean` and
    `std` are of pixels in 0..1, a number for each channel or one for all.
    """

    classes: ClassVar[tuple[str, ...]]  # in the order of the labels

    def __init__(
        self,
        *,
        folder: str,
        verify: bool,
        input_shape: Sequence[int],
        num_classes: int,
        mean: Sequence[float],
        std: Sequence[float],
        batch_size: int,
        eval_batch_size: int,
        validation: int | None,
        limit: int | None,
        leave_out: int | None,
        augment: Mapping[str, Any],
        seed: int,
    ) -> None:
        super().__init__(batch_size=batch_size, eval_batch_size=eval_batch_size, seed=seed)
        self.folder = Path(folder).expanduser()
        self.verify = verify
        self.input_shape = list(input_shape)
        self.num_classes = num_classes
        self.mean = list(mean)
        self.std = list(std)
        self.validation = validation
        self.limit = limit
        self.leave_out = leave_out
        self.check()
        self.augment = Augment.from_config(augment, self.input_shape)

    def check(self) -> None:
        """InputError if an argument cannot be."""
        for name, least in (("validation", 0), ("limit", 1)):
            count = getattr(self, name)
            if count is not None and (not isinstance(count, int) or count < least):
                raise InputError(f"data.{name}={count}: give a number of images, or null")
        if len(self.input_shape) != 3:
            raise InputError(f"data.input_shape={self.input_shape}: give channels, height and width")
        for name in ("mean", "std"):
            if len(getattr(self, name)) not in (1, self.input_shape[0]):
                raise InputError(
                    f"data.{name}={getattr(self, name)}: give a number for each of the "
                    f"{self.input_shape[0]} channels of data.input_shape, or one for all"
                )
        if min(self.std) <= 0:
            raise InputError(f"data.std={self.std}: images are divided by it, give numbers above 0")
        if self.num_classes != len(self.classes):
            raise InputError(f"data.num_classes={self.num_classes}, but the set has {len(self.classes)} classes")
        is_class = self.leave_out in range(self.num_classes) and not isinstance(self.leave_out, bool)
        if self.leave_out is not None and not is_class:
            raise InputError(f"data.leave_out={self.leave_out}: give a class, 0 to {self.num_classes - 1}, or null")

    @abstractmethod
    def download(self) -> None:
        """Fetch what is missing into `self.folder`."""

    @abstractmethod
    def read(self) -> dict[str, Arrays]:
        """The splits 'train', 'test' and, where there is an official one, 'val'."""

    @property
    def preprocessing(self) -> dict[str, list[float]]:
        """What must be done to an image before a network trained here can see it."""
        return {"image_shape": self.input_shape, "mean": self.mean, "std": self.std}

    @property
    def prepare(self) -> Normalize:
        return Normalize(mean=self.mean, std=self.std, device=self.device)

    def images(self, split: str) -> Tensor:
        """uint8 (N, C, H, W)."""
        return self.splits[split][0]

    def prepare_data(self) -> None:
        self.download()

    def make(self) -> dict[str, tuple[Tensor, Tensor]]:
        return {name: tensors(*arrays) for name, arrays in self.make_splits(self.read()).items()}

    def make_splits(self, arrays: dict[str, Arrays]) -> dict[str, Arrays]:
        """Check what was read, take the validation split off 'train' and a class out of both, reduce to the limit."""
        for images, labels in arrays.values():
            if images.dtype != np.uint8 or list(images.shape[1:]) != self.input_shape:
                shape = str(list(images.shape[1:])).replace(" ", "")
                raise InputError(f"the images read are {shape} {images.dtype}: set data.input_shape={shape}")
            if not 0 <= labels.min() <= labels.max() < self.num_classes:
                raise InputError(
                    f"the labels read are {labels.min()} to {labels.max()}, not 0 to {self.num_classes - 1}: "
                    "read() must number the classes from 0"
                )
        images, labels = arrays["train"]
        if self.validation:
            if "val" in arrays:
                raise InputError("the set has an official validation split: set data.validation=null")
            if self.validation >= len(labels):
                raise InputError(f"data.validation={self.validation} leaves none of {len(labels)} images to train with")
            rest, picked = self.pick(labels, "validation")
            arrays = arrays | {"val": (images[picked], labels[picked])}
            images, labels = images[rest], labels[rest]
        arrays = arrays | {"train": (images, labels)}
        if self.leave_out is not None:  # after the split, so that the others are those of any run
            arrays |= {name: self.without(*arrays[name]) for name in ("train", "val") if name in arrays}
        if self.limit is not None:
            images, labels = arrays["train"]
            _, picked = self.pick(labels, "limit")
            arrays |= {"train": (images[picked], labels[picked])}
        return arrays

    def without(self, images: np.ndarray, labels: np.ndarray) -> Arrays:
        kept = labels != self.leave_out
        return images[kept], labels[kept]

    def pick(self, labels: np.ndarray, key: str) -> tuple[np.ndarray, np.ndarray]:
        try:
            return stratified_split(labels, getattr(self, key))
        except InputError as error:
            raise InputError(f"data.{key}: {error}") from None

    def train_dataloader(self) -> TrainLoader:
        images = self.images("train")
        return TrainLoader(images=images, normalize=self.prepare, augment=self.augment, **self.shuffled())


def tensors(images: np.ndarray, labels: np.ndarray) -> tuple[Tensor, Tensor]:
    """Without a copy where the arrays are contiguous and may be written to."""
    return (
        torch.from_numpy(np.require(images, np.uint8, ["C", "W"])),
        torch.from_numpy(np.require(labels, np.int64, ["C", "W"])),
    )
