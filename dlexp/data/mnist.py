"""MNIST: 70,000 handwritten digits (LeCun, Cortes and Burges, 1998)."""

from typing import ClassVar

from dlexp.data.idx_set import fetch_idx, idx_split, read_idx
from dlexp.data.image_data import Arrays, ImageData

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
    "http://yann.lecun.com/exdb/mnist/",
)
SPLITS = {
    "train": idx_split(
        folder="MNIST/raw",
        prefix="train",
        size=60_000,
        mirrors=MIRRORS,
        images_md5=("f68b3c2dcbeaaa9fbdd348bbdeb94873", "6bbc9ace898e44ae57da46a324031adb"),
        labels_md5=("d53e105ee54ea40749a09fcbcd1e9432", "a25bea736e30d166cdddb491f175f624"),
    ),
    "test": idx_split(
        folder="MNIST/raw",
        prefix="t10k",
        size=10_000,
        mirrors=MIRRORS,
        images_md5=("9fb629c4189551a2d022fa330f9573f3", "2646ac647ad5339dbf082846283269ea"),
        labels_md5=("ec29112dd5afa0611ce80d1b7f02629c", "27ae3e4e09519cfbb04c329615203637"),
    ),
}


class MNIST(ImageData):
    """60,000 images to train with and 10,000 to test, 1 x 28 x 28."""

    classes: ClassVar[tuple[str, ...]] = ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9")

    def download(self) -> None:
        fetch_idx(SPLITS, self.folder, verify=self.verify)

    def read(self) -> dict[str, Arrays]:
        return read_idx(SPLITS, self.folder, num_classes=len(self.classes), verify=self.verify)
