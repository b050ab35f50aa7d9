"""Fashion-MNIST: 70,000 articles of clothing (Xiao, Rasul and Vollgraf, arXiv 1708.07747)."""

from typing import ClassVar

from dlexp.data.idx_set import fetch_idx, idx_split, read_idx
from dlexp.data.image_data import Arrays, ImageData

MIRRORS = (
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
)
SPLITS = {
    "train": idx_split(
        folder="FashionMNIST/raw",
        prefix="train",
        size=60_000,
        mirrors=MIRRORS,
        images_md5=("8d4fb7e6c68d591d4c3dfef9ec88bf0d", "f4a8712d7a061bf5bd6d2ca38dc4d50a"),
        labels_md5=("25c81989df183df01b3e8a0aad5dffbe", "9018921c3c673c538a1fc5bad174d6f9"),
    ),
    "test": idx_split(
        folder="FashionMNIST/raw",
        prefix="t10k",
        size=10_000,
        mirrors=MIRRORS,
        images_md5=("bef4ecab320f06d8554ea6380940ec79", "8181f5470baa50b63fa0f6fddb340f0a"),
        labels_md5=("bb300cfdad3c16e7a12a480ee83cd310", "15d484375f8d13e6eb1aabb0c3f46965"),
    ),
}


class FashionMNIST(ImageData):
    """60,000 images to train with and 10,000 to test, 1 x 28 x 28."""

    classes: ClassVar[tuple[str, ...]] = (
        "T-shirt/top",
        "trouser",
        "pullover",
        "dress",
        "coat",
        "sandal",
        "shirt",
        "sneaker",
        "bag",
        "ankle boot",
    )

    def download(self) -> None:
        fetch_idx(SPLITS, self.folder, verify=self.verify)

    def read(self) -> dict[str, Arrays]:
        return read_idx(SPLITS, self.folder, num_classes=len(self.classes), verify=self.verify)
