"""Convolutional encoders and decoders: a quarter of the resolution, and back."""

from collections.abc import Sequence

from torch import nn

from dlexp.errors import InputError
from dlexp.layers.activations import ACTIVATIONS
from dlexp.layers.choice import choose


def convolutional_encoder(image_shape: Sequence[int], width: int, outputs: int, *, activation: str) -> nn.Sequential:
    """Images (B, C, H, W) to (B, outputs), which no activation bounds; `width` channels, then twice as many."""
    layer = choose("model.activation", activation, ACTIVATIONS)
    channels, *_ = image_shape
    height, side = quarter(image_shape)
    return nn.Sequential(
        nn.Conv2d(channels, width, 4, stride=2, padding=1),  # (B, W, H / 2, W / 2)
        layer(),
        nn.Conv2d(width, 2 * width, 4, stride=2, padding=1),  # (B, 2 W, H / 4, W / 4)
        layer(),
        nn.Flatten(),
        nn.Linear(2 * width * height * side, outputs),
    )


def convolutional_decoder(inputs: int, width: int, image_shape: Sequence[int], *, activation: str) -> nn.Sequential:
    """(B, inputs) to (B, C, H, W), which no activation bounds: the encoder's way back by transposed convolutions."""
    layer = choose("model.activation", activation, ACTIVATIONS)
    channels, *_ = image_shape
    height, side = quarter(image_shape)
    return nn.Sequential(
        nn.Linear(inputs, 2 * width * height * side),
        layer(),
        nn.Unflatten(1, (2 * width, height, side)),
        nn.ConvTranspose2d(2 * width, width, 4, stride=2, padding=1),  # (B, W, H / 2, W / 2)
        layer(),
        nn.ConvTranspose2d(width, channels, 4, stride=2, padding=1),  # (B, C, H, W)
    )


def quarter(image_shape: Sequence[int]) -> tuple[int, int]:
    """A quarter of height and width. InputError if that is no whole number."""
    _, height, width = image_shape
    if height % 4 or width % 4:
        raise InputError(
            f"images of {height} x {width} pixels cannot be halved twice: choose a fully connected model=…"
        )
    return height // 4, width // 4
