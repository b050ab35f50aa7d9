"""The squared error of images that were given back."""

from torch import Tensor


def error_of_each(made: Tensor, x: Tensor) -> Tensor:
    """(B,) of images (B, C, H, W): the mean of the squared error over an image's pixels, in single precision."""
    return (made.float() - x).square().flatten(1).mean(1)
