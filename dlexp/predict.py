"""`python -m dlexp.predict RUN IMAGE…`: the classes of image files and their probabilities, by a finished run."""

import argparse
from pathlib import Path
from typing import Any

from dlexp.checkpoint_file import find_checkpoint, read_checkpoint
from dlexp.composition.command import command
from dlexp.errors import InputError
from dlexp.image_file import read_image


def load(run: Path) -> tuple[Any, dict[str, Any]]:
    """The trained network in eval mode, and its checkpoint (classes, preprocessing, config). A .ckpt alone will do."""
    path = find_checkpoint(run)
    checkpoint = read_checkpoint(path)
    if not checkpoint["classes"]:
        raise InputError(f"{path} is not a classifier: it names no classes")
    if "image_shape" not in checkpoint["preprocessing"]:
        raise InputError(f"{path} was not trained on images: it cannot say what an image file shows")

    from hydra.utils import instantiate

    model = instantiate(checkpoint["hyper_parameters"]["model"])
    if hasattr(model, "latent_size"):
        raise InputError(
            f"{path} is not a classifier: ask it by python -m dlexp.generate or python -m dlexp.reconstruct"
        )
    weights = checkpoint["state_dict"]
    model.load_state_dict({k.removeprefix("model."): v for k, v in weights.items() if k.startswith("model.")})
    return model.eval(), checkpoint


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
