"""Variational autoencoders: an encoder to a Gaussian over codes, a decoder back (Kingma and Welling 2014)."""

import math
from abc import ABC
from collections.abc import Sequence

from torch import Tensor, nn

from dlexp.layers.choice import choose
from dlexp.models.generative.autoencoder import OUTPUTS, check_latent_size
from dlexp.models.generative.beside import beside
from dlexp.models.generative.convolutional import convolutional_decoder, convolutional_encoder
from dlexp.models.generative.dense import dense_decoder, dense_encoder


class VAE(nn.Module, ABC):
    """With `num_classes`, both halves are told the class of an image (Sohn, Lee and Yan 2015); with 0, neither is.

    Labels (B,) are int64; `layout` shapes the images they stand beside. `decode` gives what `output` then bounds to
    pixels: a sigmoid's input is a pixel's logit.
    """

    def __init__(
        self,
        layout: nn.Module,
        encoder: nn.Module,
        decoder: nn.Module,
        *,
        latent_size: int,
        num_classes: int,
        output: str,
    ) -> None:
        super().__init__()
        self.layout = layout
        self.encoder = encoder
        self.decoder = decoder
        self.latent_size = latent_size
        self.num_classes = num_classes
        self.output = choose("model.output", output, OUTPUTS)()

    def posterior(self, x: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log variance of each image's codes, (B, L) each."""
        inputs = beside(self.layout(x), labels, self.num_classes)  # (B, D + K) or (B, C + K, H, W)
        mean, log_variance = self.encoder(inputs).chunk(2, dim=1)
        return mean, log_variance

    def decode(self, z: Tensor, labels: Tensor) -> Tensor:
        return self.decoder(beside(z, labels, self.num_classes))  # (B, L + K) to (B, C, H, W)

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        mean, _ = self.posterior(x, labels)
        return self.output(self.decode(mean, labels))  # (B, C, H, W)


class DenseVAE(VAE):
    """Fully connected. `hidden_sizes` are the encoder's, from the image to the code; the decoder has them backwards."""

    def __init__(
        self,
        *,
        image_shape: Sequence[int],
        num_classes: int,
        latent_size: int,
        hidden_sizes: Sequence[int],
        activation: str,
        output: str,
        dropout: float,
    ) -> None:
        check_latent_size(latent_size)
        style = {"activation": activation, "dropout": dropout}
        super().__init__(
            nn.Flatten(),
            dense_encoder(math.prod(image_shape) + num_classes, hidden_sizes, 2 * latent_size, **style),
            dense_decoder(latent_size + num_classes, hidden_sizes[::-1], image_shape, **style),
            latent_size=latent_size,
            num_classes=num_classes,
            output=output,
        )


class ConvolutionalVAE(VAE):
    """Two strided convolutions of `width` and twice `width` channels, and a linear layer to the code; the same back.

    A class is a plane of ones beside the image's channels, the other classes planes of zeros.
    """

    def __init__(
        self,
        *,
        image_shape: Sequence[int],
        num_classes: int,
        latent_size: int,
        width: int,
        activation: str,
        output: str,
    ) -> None:
        check_latent_size(latent_size)
        channels, height, side = image_shape
        super().__init__(
            nn.Identity(),
            convolutional_encoder(
                (channels + num_classes, height, side), width, 2 * latent_size, activation=activation
            ),
            convolutional_decoder(latent_size + num_classes, width, image_shape, activation=activation),
            latent_size=latent_size,
            num_classes=num_classes,
            output=output,
        )
