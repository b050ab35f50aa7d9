"""Deep convolutional generative adversarial network (Radford, Metz and Chintala 2016, arXiv 1511.06434)."""

import math
from collections.abc import Sequence
from itertools import pairwise

from torch import nn

from dlexp.errors import InputError
from dlexp.layers.choice import choose
from dlexp.models.generative.autoencoder import check_latent_size
from dlexp.models.generative.players import NORMS, Discriminator, Generator


class DCGAN(nn.Module):
    """`widths` are the discriminator's channels; each of its convolutions halves the image. The generator goes back.

    With `num_classes`, both players are told the class (Mirza and Osindero 2014, arXiv 1411.1784); with 0, neither.
    Hidden layers are batch-normed ReLU in the generator, leaky ReLU with dropout in the discriminator.
    """

    def __init__(
        self,
        *,
        image_shape: Sequence[int],
        num_classes: int,
        latent_size: int,
        widths: Sequence[int],
        discriminator_norm: str,
        dropout: float,
    ) -> None:
        super().__init__()
        check_latent_size(latent_size)
        if not widths:
            raise InputError("model.widths=[]: give the channels of one convolution at least")
        self.latent_size = latent_size
        self.num_classes = num_classes
        channels, *sides = image_shape
        self.generator = Generator(
            nn.Sequential(*drawing(latent_size + num_classes, widths, channels, sides)), num_classes
        )
        self.discriminator = Discriminator(
            nn.Identity(),
            nn.Sequential(*judging(channels + num_classes, widths, sides, discriminator_norm, dropout)),
            num_classes,
        )


def drawing(inputs: int, widths: Sequence[int], channels: int, sides: Sequence[int]) -> list[nn.Module]:
    *larger, smallest = halved(sides, len(widths))
    deepest, size = widths[-1], math.prod(smallest)
    layers: list[nn.Module] = [
        nn.Linear(inputs, deepest * size, bias=False),
        nn.Unflatten(1, (deepest, *smallest)),  # (B, W, h, w)
        nn.BatchNorm2d(deepest),
        nn.ReLU(),
    ]
    for (before, after), goal in zip(pairwise(widths[::-1]), larger[:0:-1], strict=True):  # each doubles the sides
        up = nn.ConvTranspose2d(before, after, kernel(goal), stride=2, padding=1, bias=False)
        layers += [up, nn.BatchNorm2d(after), nn.ReLU()]
    return [*layers, nn.ConvTranspose2d(widths[0], channels, kernel(sides), stride=2, padding=1)]  # (B, C, H, W)


def judging(
    channels: int, widths: Sequence[int], sides: Sequence[int], discriminator_norm: str, dropout: float
) -> list[nn.Module]:
    norm = choose("model.discriminator_norm", discriminator_norm, NORMS)
    *larger, smallest = halved(sides, len(widths))
    layers: list[nn.Module] = []
    for (before, after), given in zip(pairwise([channels, *widths]), larger, strict=True):  # each halves the sides
        down = nn.Conv2d(before, after, kernel(given), stride=2, padding=1)
        layers += [norm(down, after if layers else None), nn.LeakyReLU(0.2), nn.Dropout(dropout)]
    return [*layers, nn.Flatten(), norm(nn.Linear(widths[-1] * math.prod(smallest), 1), None)]  # (B, 1)


def halved(sides: Sequence[int], times: int) -> list[tuple[int, ...]]:
    """Height and width before and after each of so many halvings, rounded up: (28, 28), (14, 14), (7, 7), (4, 4)."""
    return [tuple(-(-side // 2**time) for side in sides) for time in range(times + 1)]


def kernel(sides: Sequence[int]) -> tuple[int, ...]:
    """Of a convolution that halves these sides, and of a transposed one that comes out at them."""
    return tuple(4 - side % 2 for side in sides)
