"""Autoencoders: an encoder to a code, a decoder back to the image (Hinton and Salakhutdinov 2006)."""

import math
from abc import ABC
from collections.abc import Sequence

from torch import Tensor, nn

from dlexp.errors import InputError
from dlexp.layers.activations import ACTIVATIONS
from dlexp.layers.choice import choose
from dlexp.models.generative.convolutional import convolutional_decoder, convolutional_encoder
from dlexp.models.generative.dense import dense_decoder, dense_encoder

OUTPUTS = {"sigmoid": nn.Sigmoid, "none": nn.Identity}
CODES = ACTIVATIONS | {"none": nn.Identity}


class Autoencoder(nn.Module, ABC):
    """`decode` gives what `output` then bounds to pixels: binary cross-entropy is exact on the former alone."""

    def __init__(
        self, encoder: nn.Module, decoder: nn.Module, *, latent_size: int, code_activation: str, output: str
    ) -> None:
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder
        self.latent_size = latent_size
        self.code_activation = choose("model.code_activation", code_activation, CODES)()
        self.output = choose("model.output", output, OUTPUTS)()

    def encode(self, x: Tensor) -> Tensor:
        return self.code_activation(self.encoder(x))  # (B, L)

    def decode(self, code: Tensor) -> Tensor:
        return self.decoder(code)  # (B, C, H, W)

    def forward(self, x: Tensor) -> Tensor:
        return self.output(self.decode(self.encode(x)))  # (B, C, H, W)


class DenseAutoencoder(Autoencoder):
    """Fully connected. `hidden_sizes` are the encoder's, from the image to the code; the decoder has them backwards."""

    def __init__(
        self,
        *,
        image_shape: Sequence[int],
        latent_size: int,
        hidden_sizes: Sequence[int],
        activation: str,
        code_activation: str,
        output: str,
        dropout: float,
    ) -> None:
        check_latent_size(latent_size)
        style = {"activation": activation, "dropout": dropout}
        super().__init__(
            dense_encoder(math.prod(image_shape), hidden_sizes, latent_size, **style),
            dense_decoder(latent_size, hidden_sizes[::-1], image_shape, **style),
            latent_size=latent_size,
            code_activation=code_activation,
            output=output,
        )


class ConvolutionalAutoencoder(Autoencoder):
    """Two strided convolutions of `width` and twice `width` channels, and a linear layer to the code; the same back."""

    def __init__(
        self,
        *,
        image_shape: Sequence[int],
        latent_size: int,
        width: int,
        activation: str,
        code_activation: str,
        output: str,
    ) -> None:
        check_latent_size(latent_size)
        super().__init__(
            convolutional_encoder(image_shape, width, latent_size, activation=activation),
            convolutional_decoder(latent_size, width, image_shape, activation=activation),
            latent_size=latent_size,
            code_activation=code_activation,
            output=output,
        )


def check_latent_size(size: int) -> None:
    if size < 1:
        raise InputError(f"model.latent_size={size}: give a number of units, 1 or more")
