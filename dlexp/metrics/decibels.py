"""How much smaller an error has become, in decibels."""

from torch import Tensor

LEAST = 1e-12  # a squared error below it counts as this one, so that the gain of a perfect image is finite


def gain(before: Tensor, after: Tensor) -> Tensor:
    """10 log10(before / after) of mean squared errors: 10 dB is a tenth of the error, below 0 it has grown."""
    return 10 * (before.clamp(min=LEAST) / after.clamp(min=LEAST)).log10()
