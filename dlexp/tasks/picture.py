"""A picture to show what an operation does to it: one that comes with scikit-learn, or the user's own."""

from pathlib import Path
from typing import TYPE_CHECKING

from dlexp.errors import InputError

if TYPE_CHECKING:
    from PIL.Image import Image

SAMPLES = ("china.jpg", "flower.jpg")  # of scikit-learn, 640 x 427
SMALLEST = 16  # pixels of a side in which there is something to see


def read_picture(image: str) -> "Image":
    """One of SAMPLES or a file, in colour and upright. InputError if there is none, or none that can be read."""
    from PIL import Image, ImageOps, UnidentifiedImageError

    if image in SAMPLES:
        from sklearn.datasets import load_sample_image

        return Image.fromarray(load_sample_image(image))
    path = Path(image).expanduser()
    if not path.is_file():
        raise InputError(f"task.image={image}: there is no such file; {' and '.join(SAMPLES)} need none")
    try:
        with Image.open(path) as file:
            picture = ImageOps.exif_transpose(file).convert("RGB")
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError) as error:
        raise InputError(f"task.image={image} is not an image that can be read: {error}") from error
    if min(picture.size) < SMALLEST:
        width, height = picture.size
        raise InputError(
            f"task.image={image} has {width} x {height} pixels: give one of {SMALLEST} x {SMALLEST} or more"
        )
    return picture
