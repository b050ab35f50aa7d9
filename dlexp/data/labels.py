"""Labels as every data set hands them out, after a look at whether they fit the images."""

import numpy as np

from dlexp.errors import InputError


def checked_labels(labels: np.ndarray, *, images: np.ndarray, num_classes: int, name: str) -> np.ndarray:
    """(N,) int64 from (N,) of any integer type: one for each image, each a class."""
    if len(labels) != len(images):
        raise InputError(f"{name} has {len(labels):,} labels for {len(images):,} images")
    if labels.min() < 0 or labels.max() >= num_classes:
        raise InputError(f"{name} has labels {labels.min()} to {labels.max()}, not 0 to {num_classes - 1}")
    return labels.astype(np.int64)
