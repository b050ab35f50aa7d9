"""What codes (N, L) promise, measured so that it does not depend on their scale."""

from torch import Tensor

VARIES = 0.01  # of the largest standard deviation: below it a unit says nothing
LEAST = 1e-12  # of a denominator, for codes that are 0 throughout


def spread(codes: Tensor) -> Tensor:
    """(): how far a code lies from the mean code, the root of the mean of squared distances."""
    return (codes - codes.mean(0)).square().sum(1).mean().sqrt()


def varying_units(codes: Tensor) -> Tensor:
    """(): the share of units that vary over the images, at least a hundredth as much as the one that varies most."""
    deviations = codes.std(0, correction=0)  # (L,)
    return (deviations > VARIES * deviations.max()).float().mean()


def activity(codes: Tensor) -> Tensor:
    """(): the share of units that is active for an image, on average: Treves and Rolls' (1991) measure of sparseness.

    (mean of |h|)^2 / mean of h^2 over the units: 1 where all are equally active, 1 / L where one alone is.
    """
    absolute = codes.abs()
    shares = absolute.mean(1).square() / absolute.square().mean(1).clamp(min=LEAST)  # (N,)
    return shares.mean()


def shift(codes: Tensor, moved: Tensor) -> Tensor:
    """(): how far codes (N, L) have moved, as a share of their spread.

    The root of 2 is as far as to the code of any other image.
    """
    distance = (moved - codes).square().sum(1).mean().sqrt()
    return distance / spread(codes).clamp(min=LEAST)
