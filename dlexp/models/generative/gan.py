"""Fully connected generative adversarial network (Goodfellow et al. 2014, arXiv 1406.2661)."""

import math
from collections.abc import Sequence
from itertools import pairwise

from torch import nn

from dlexp.layers.choice import choose
from dlexp.models.generative.autoencoder import check_latent_size
from dlexp.models.generative.players import NORMS, Discriminator, Generator


class GAN(nn.Module):
    """With `num_classes`, both players are told the class (Mirza and Osindero 2014, arXiv 1411.1784); with 0, neither.

    `hidden_sizes` are the generator's, from the noise to the image; the discriminator has them backwards. Hidden layers
    are batch-normed ReLU in the generator, leaky ReLU with dropout in the discriminator.
    """

    def __init__(
        self,
        *,
        image_shape: Sequence[int],
        num_classes: int,
        latent_size: int,
        hidden_sizes: Sequence[int],
        discriminator_norm: str,
        dropout: float,
    ) -> None:
        super().__init__()
        check_latent_size(latent_size)
        self.latent_size = latent_size
        self.num_classes = num_classes
        pixels = math.prod(image_shape)
        self.generator = Generator(
            nn.Sequential(
                *drawing(latent_size + num_classes, hidden_sizes, pixels), nn.Unflatten(1, tuple(image_shape))
            ),
            num_classes,
        )
        self.discriminator = Discriminator(
            nn.Flatten(),
            nn.Sequential(*judging(pixels + num_classes, hidden_sizes[::-1], discriminator_norm, dropout)),
            num_classes,
        )


def drawing(inputs: int, hidden_sizes: Sequence[int], outputs: int) -> list[nn.Module]:
    layers: list[nn.Module] = []
    for before, after in pairwise([inputs, *hidden_sizes]):
        layers += [nn.Linear(before, after, bias=False), nn.BatchNorm1d(after), nn.ReLU()]
    return [*layers, nn.Linear([inputs, *hidden_sizes][-1], outputs)]


def judging(inputs: int, hidden_sizes: Sequence[int], discriminator_norm: str, dropout: float) -> list[nn.Module]:
    norm = choose("model.discriminator_norm", discriminator_norm, NORMS)
    layers: list[nn.Module] = []
    for before, after in pairwise([inputs, *hidden_sizes]):
        layers += [norm(nn.Linear(before, after), after if layers else None), nn.LeakyReLU(0.2), nn.Dropout(dropout)]
    return [*layers, norm(nn.Linear([inputs, *hidden_sizes][-1], 1), None)]
