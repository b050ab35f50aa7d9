"""A data set laid out like MNIST: idx files of 28 x 28 images and of labels for each split, packed as .gz."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from dlexp.data.bounded import read_bounded
from dlexp.data.checksum import check
from dlexp.data.download import RemoteFile, fetch
from dlexp.data.idx import parse_idx
from dlexp.data.labels import checked_labels


@dataclass(frozen=True)
class IdxFile:
    """`gz` is what is published. Other tools leave it unpacked, and then `unpacked_md5` is its md5."""

    gz: RemoteFile
    unpacked_md5: str
    shape: tuple[int, ...]

    def locate(self, folder: Path) -> tuple[Path, str]:
        """The file to read and its md5: unpacked where it lies unpacked, since that reads faster."""
        unpacked = (folder / self.gz.path).with_suffix("")
        return (unpacked, self.unpacked_md5) if unpacked.exists() else (folder / self.gz.path, self.gz.md5)

    def parse(self, path: Path) -> np.ndarray:
        header = 4 * (1 + len(self.shape))  # bytes
        content = read_bounded(path, max_bytes=header + math.prod(self.shape))
        return parse_idx(content, item_shape=self.shape[1:], name=str(path))


@dataclass(frozen=True)
class IdxSplit:
    images: IdxFile
    labels: IdxFile


def idx_split(
    folder: str,
    prefix: str,
    size: int,
    mirrors: tuple[str, ...],
    images_md5: tuple[str, str],
    labels_md5: tuple[str, str],
) -> IdxSplit:
    """A split of `size` images under the names that MNIST gave its files; each md5 is (packed, unpacked)."""

    def file(name: str, md5: tuple[str, str], shape: tuple[int, ...]) -> IdxFile:
        gz = RemoteFile(f"{folder}/{name}.gz", md5[0], urls=tuple(f"{mirror}{name}.gz" for mirror in mirrors))
        return IdxFile(gz, md5[1], shape)

    return IdxSplit(
        images=file(f"{prefix}-images-idx3-ubyte", images_md5, (size, 28, 28)),
        labels=file(f"{prefix}-labels-idx1-ubyte", labels_md5, (size,)),
    )


def fetch_idx(splits: Mapping[str, IdxSplit], folder: Path, *, verify: bool) -> None:
    """Downloads each .gz that lies in the folder neither packed nor unpacked."""
    for split in splits.values():
        for file in (split.images, split.labels):
            if not file.locate(folder)[0].exists():
                fetch(file.gz, folder, verify=verify)


def read_idx(
    splits: Mapping[str, IdxSplit], folder: Path, *, num_classes: int, verify: bool
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Images (N, 1, 28, 28) uint8, read-only, and labels (N,) int64 of each split."""
    files = {file: file.locate(folder) for split in splits.values() for file in (split.images, split.labels)}
    check(dict(files.values()), verify=verify)
    arrays = {}
    for name, split in splits.items():
        images = split.images.parse(files[split.images][0])  # (N, 28, 28)
        path = files[split.labels][0]
        labels = split.labels.parse(path)  # (N,)
        labels = checked_labels(labels, images=images, num_classes=num_classes, name=str(path))
        arrays[name] = images[:, None], labels
    return arrays
