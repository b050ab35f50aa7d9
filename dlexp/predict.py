"""`python -m dlexp.predict RUN IMAGE…`: the classes of image files and their probabilities, by a finished run."""

import argparse
from pathlib import Path
from typing import Any

from dlexp.checkpoint_file import read_checkpoint
from dlexp.composition.command import command
from dlexp.errors import InputError
from dlexp.evaluate import best_checkpoint


def load(run: Path) -> tuple[Any, dict[str, Any]]:
    """The trained network in eval mode, and its checkpoint (classes, preprocessing, config). A .ckpt alone will do."""
    path = run if run.suffix == ".ckpt" else best_checkpoint(run)
    checkpoint = read_checkpoint(path)
    if not checkpoint["classes"]:
        raise InputError(f"{path} is not a classifier: it names no classes")
    if "image_shape" not in checkpoint["preprocessing"]:
        raise InputError(f"{path} was not trained on images: it cannot say what an image file shows")

    from hydra.utils import instantiate

    model = instantiate(checkpoint["hyper_parameters"]["model"])
    weights = checkpoint["state_dict"]
    model.load_state_dict({k.removeprefix("model."): v for k, v in weights.items() if k.startswith("model.")})
    return model.eval(), checkpoint


def read_image(path: Path, preprocessing: dict[str, Any], invert: bool) -> Any:
    """A file as the network was trained to see it: float (C, H, W), grey or colour, resized, normalised."""
    import numpy as np
    import torch
    from PIL import Image, ImageOps, UnidentifiedImageError

    channels, height, width = preprocessing["image_shape"]
    try:
        with Image.open(path) as file:
            image = ImageOps.exif_transpose(file)
        if image.mode.startswith("I"):  # 16 bits a pixel, which Pillow would not scale but cut off at 255
            image = Image.fromarray((np.asarray(image) / 257).round().astype(np.uint8))
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


def predict(run: Path, paths: list[Path], invert: bool) -> tuple[Any, list[str]]:
    """Probabilities (number of images, number of classes), and the names of the classes."""
    model, checkpoint = load(run)

    import torch

    images = torch.stack([read_image(path, checkpoint["preprocessing"], invert) for path in paths])  # (N, C, H, W)
    with torch.inference_mode():
        return model(images).softmax(1), checkpoint["classes"]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m dlexp.predict", description=__doc__)
    parser.add_argument("run", type=Path, help="a run's folder, or a checkpoint")
    parser.add_argument("image", type=Path, nargs="+", help="image files, of any size that Pillow reads")
    parser.add_argument("--top", type=int, default=3, help="how many classes to name (3)")
    parser.add_argument("--invert", action="store_true", help="for dark strokes on white, where MNIST has the reverse")
    arguments = parser.parse_args()

    probabilities, classes = predict(arguments.run, arguments.image, arguments.invert)
    for path, row in zip(arguments.image, probabilities, strict=True):
        values, places = row.topk(min(max(arguments.top, 1), len(classes)))
        named = "   ".join(f"{classes[i]} {p:.1%}" for p, i in zip(values.tolist(), places.tolist(), strict=True))
        print(f"{path}   {named}")


if __name__ == "__main__":
    command(main)
