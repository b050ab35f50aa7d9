"""A fixed stratified split: every class keeps its share, and every run picks the same samples."""

import numpy as np

from dlexp.errors import InputError


def stratified_split(labels: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Indices (rest, picked) of `labels` (N,), each sorted int64, with exactly `size` of them picked.

    A class gives its share of `size` rounded down; what is then missing comes from the classes that lost most
    to the rounding (largest remainder). InputError if `size` cannot be had, or has no room for every class.
    """
    classes, members, counts = np.unique(labels, return_inverse=True, return_counts=True)
    if size != 0 and not len(classes) <= size <= len(labels):
        raise InputError(
            f"cannot pick {size:,} of {len(labels):,} samples in {len(classes)} classes: "
            f"choose from {len(classes):,} to {len(labels):,}"
        )
    shares, remainders = np.divmod(counts.astype(np.int64) * size, len(labels))  # (classes,), (classes,)
    missing = size - shares.sum()
    shares[np.argsort(-remainders, kind="stable")[:missing]] += 1

    random = np.random.RandomState(0)  # numpy keeps this stream the same in all versions, unlike default_rng's
    picked = np.concatenate(
        [random.permutation(np.flatnonzero(members == c))[:share] for c, share in enumerate(shares)]
    ).astype(np.int64)
    return np.setdiff1d(np.arange(len(labels)), picked), np.sort(picked)
