"""Digits: 1,797 handwritten digits that come with scikit-learn (UCI optical recognition, test part, 1998)."""

from typing import ClassVar

import numpy as np

from dlexp.data.image_data import Arrays, ImageData
from dlexp.data.splits import stratified_split

TEST_SIZE = 360  # a fifth; the publisher has no split of these images


class Digits(ImageData):
    """1,437 images to train with and 360 to test: 8 x 8 enlarged to 1 x 28 x 28, the format of MNIST."""

    classes: ClassVar[tuple[str, ...]] = ("0", "1", "2", "3", "4", "5", "6", "7", "8", "9")

    def download(self) -> None:
        pass  # scikit-learn brings them along

    def read(self) -> dict[str, Arrays]:
        from sklearn.datasets import load_digits  # 0.4 s

        digits = load_digits()
        images = enlarge(digits.images.astype(np.int64))  # (N, 28, 28)
        labels = digits.target.astype(np.int64)  # (N,)
        train, test = stratified_split(labels, TEST_SIZE)
        return {
            "train": (images[train, None], labels[train]),
            "test": (images[test, None], labels[test]),
        }


def enlarge(images: np.ndarray) -> np.ndarray:
    """(N, 8, 8) integers 0..16 to (N, 28, 28) uint8: bilinear by 3, then a margin of 2 black pixels.

    Computed in integers, so that every machine has the same pixels.
    """
    # An enlarged pixel i lies at (i - 1) / 3, clamped to the image; times 3, all weights are integers.
    thirds = np.clip(np.arange(24) - 1, 0, 21)  # (24,)
    weights = np.maximum(3 - np.abs(thirds[:, None] - 3 * np.arange(8)), 0)  # (24, 8), each row adds up to 3
    enlarged = weights @ images @ weights.T  # (N, 24, 24), 0..144
    pixels = (enlarged * 255 + 72) // 144  # rounded
    return np.pad(pixels, ((0, 0), (2, 2), (2, 2))).astype(np.uint8)
