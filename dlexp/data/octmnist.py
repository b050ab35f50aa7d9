"""OCTMNIST: 109,309 retina scans, four diagnoses (MedMNIST v2, Yang et al., Scientific Data 2023)."""

import zipfile
from pathlib import Path
from typing import ClassVar

import numpy as np

from dlexp.data.checksum import check
from dlexp.data.download import RemoteFile, fetch
from dlexp.data.image_data import Arrays, ImageData
from dlexp.data.labels import checked_labels
from dlexp.errors import InputError

ARCHIVE = RemoteFile(
    path="octmnist.npz",
    md5="c68d92d5b585d8d81f7112f81e2d0842",
    urls=(
        "https://zenodo.org/records/10519652/files/octmnist.npz?download=1",
        "https://zenodo.org/records/6496656/files/octmnist.npz?download=1",
    ),
)
SIZES = {"train": 97_477, "val": 10_832, "test": 1_000}  # as published


class OCTMNIST(ImageData):
    """97,477 images to train with, 10,832 to validate and 1,000 to test, as published: 1 x 28 x 28."""

    classes: ClassVar[tuple[str, ...]] = (
        "choroidal neovascularization",
        "diabetic macular edema",
        "drusen",
        "normal",
    )

    def download(self) -> None:
        fetch(ARCHIVE, self.folder, verify=self.verify)

    def read(self) -> dict[str, Arrays]:
        path = self.folder / ARCHIVE.path
        check({path: ARCHIVE.md5}, verify=self.verify)
        return read_npz(path, num_classes=len(self.classes))


def read_npz(path: Path, *, num_classes: int) -> dict[str, Arrays]:
    """Images (N, 1, 28, 28) uint8 and labels (N,) int64 of each split of a MedMNIST archive."""
    splits = {}
    for split, size in SIZES.items():
        images = _read_array(path, f"{split}_images", max_bytes=size * 28 * 28)  # (N, 28, 28)
        labels = _read_array(path, f"{split}_labels", max_bytes=size * 8)  # (N, 1)
        if images.dtype != np.uint8 or images.shape[1:] != (28, 28) or len(images) == 0:
            raise InputError(f"{path}: {split}_images is {images.shape} {images.dtype}, not (N, 28, 28) uint8")
        if labels.dtype.kind not in "iu" or labels.ndim != 2 or labels.shape[1] != 1:
            raise InputError(f"{path}: {split}_labels is {labels.shape} {labels.dtype}, not (N, 1) integers")
        name = f"{path}: {split}_labels"
        labels = checked_labels(labels[:, 0], images=images, num_classes=num_classes, name=name)  # (N,)
        splits[split] = images[:, None], labels
    return splits


def _read_array(path: Path, name: str, *, max_bytes: int) -> np.ndarray:
    """One array of the archive. What claims to unpack to more than it should is refused unread."""
    try:
        with zipfile.ZipFile(path) as archive:
            entry = archive.getinfo(f"{name}.npy")
            if entry.file_size > max_bytes + 1024:  # the header takes 128 bytes
                raise InputError(f"{path}: {name} has {entry.file_size:,} bytes, where at most {max_bytes:,} belong")
            with archive.open(entry) as file:
                return np.ascontiguousarray(np.lib.format.read_array(file, allow_pickle=False))
    except InputError:
        raise
    except KeyError as error:
        raise InputError(f"{path} has no {name}: it is not OCTMNIST") from error
    except Exception as error:  # on damaged bytes zipfile and NumPy fail in a dozen ways
        raise InputError(f"{path} is truncated or damaged ({name}): delete it so that it is fetched again") from error
