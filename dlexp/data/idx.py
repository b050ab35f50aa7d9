"""The idx format of MNIST: two zero bytes, a type, the number of dimensions, the dimensions, the values."""

import math

import numpy as np

from dlexp.errors import InputError

UNSIGNED_BYTE = 0x08  # the one type of value that the image sets use


def parse_idx(content: bytes, *, item_shape: tuple[int, ...], name: str) -> np.ndarray:
    """(N, *item_shape) uint8, N >= 1. The dimensions must account for every byte of `content`.

    The array is a read-only view of `content`. Reference: yann.lecun.com/exdb/mnist.
    """
    ndim = 1 + len(item_shape)
    header = 4 * (1 + ndim)  # bytes
    if len(content) < header or content[:4] != bytes([0, 0, UNSIGNED_BYTE, ndim]):
        raise InputError(f"{name} is not an idx file of unsigned bytes in {ndim} dimensions")
    shape = tuple(np.frombuffer(content, dtype=">u4", count=ndim, offset=4).tolist())
    if shape[0] == 0 or shape[1:] != item_shape:
        belong = "".join(f", {size}" for size in item_shape)
        raise InputError(f"{name} holds values of shape {shape} where (N{belong}) belongs")
    if len(content) != header + math.prod(shape):
        raise InputError(
            f"{name} has {len(content) - header:,} bytes of values where its header {shape} "
            f"announces {math.prod(shape):,}: it is truncated or damaged"
        )
    return np.frombuffer(content, dtype=np.uint8, offset=header).reshape(shape)
