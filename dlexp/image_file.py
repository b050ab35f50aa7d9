"""An image file of any kind, as a network was trained to see it."""

from pathlib import Path
from typing import Any

from dlexp.errors import InputError


def read_image(path: Path, preprocessing: dict[str, Any], invert: bool) -> Any:
    """Float (C, H, W): grey or colour, resized, normalised, by the `preprocessing` that a checkpoint holds.

    What is transparent is white, as on paper; `invert` comes after.
    """
    import numpy as np
    import torch
    from PIL import Image, ImageOps, UnidentifiedImageError

    channels, height, width = preprocessing["image_shape"]
    try:
        with Image.open(path) as file:
            image = ImageOps.exif_transpose(file)
        if image.mode.startswith("I"):  # 16 bits a pixel, which Pillow would not scale but cut off at 255
            image = Image.fromarray((np.asarray(image) / 257).round().astype(np.uint8))
        if image.has_transparency_data:  # under which lies any colour, mostly black
            image = image.convert("RGBA")
            image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
        image = image.convert("L" if channels == 1 else "RGB")
    except FileNotFoundError as error:
        raise InputError(f"there is no file {path}") from error
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError) as error:
        raise InputError(f"{path} is not an image that can be read: {error}") from error
    if invert:
        image = ImageOps.invert(image)
    if image.size != (width, height):
        image = image.resize((width, height), Image.Resampling.BILINEAR)  # antialiased when it shrinks
    pixels = np.asarray(image, dtype=np.float32).reshape(height, width, channels) / 255  # (H, W, C)
    pixels = (pixels - preprocessing["mean"]) / preprocessing["std"]
    return torch.from_numpy(pixels.astype(np.float32)).permute(2, 0, 1)
