"""`python -m dlexp.reconstruct RUN IMAGE…`: image files as a finished autoencoder or VAE gives them back."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dlexp.composition.command import command
from dlexp.errors import InputError
from dlexp.image_file import read_image
from dlexp.picture_folder import check_place, write_pictures
from dlexp.trained import asked_class, load_task

if TYPE_CHECKING:
    from torch import Tensor

OVERVIEW = "reconstructions.png"
MOST_SHOWN = 24  # images in the overview
LONGEST = 18  # letters of a file's name in it


def reconstruct(run: Path, paths: Sequence[Path], label: str | None, invert: bool) -> "tuple[Tensor, Tensor]":
    """The images as the network sees them and what it makes of them, both float (N, C, H, W), 0..1."""
    task, checkpoint = load_task(run, "reconstruct")
    number = asked_class(label, task, checkpoint)
    if task.num_classes and number is None:
        first, *_ = checkpoint["classes"]
        raise InputError(f"this model is told the class of an image: say which one it is, such as --class {first}")

    import torch

    preprocessing = checkpoint["preprocessing"]
    images = torch.stack([read_image(path, preprocessing, invert) for path in paths])  # (N, C, H, W)
    labels = torch.full((len(images),), number or 0)  # (N,)
    with torch.inference_mode():
        made = torch.cat([task.reconstruct(*part) for part in zip(images.split(500), labels.split(500), strict=True)])
    mean, std = (torch.tensor(preprocessing[key]).view(-1, 1, 1) for key in ("mean", "std"))
    return images * std + mean, made


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m dlexp.reconstruct", description=__doc__)
    parser.add_argument("run", type=Path, help="a run's folder, or a checkpoint")
    parser.add_argument("image", type=Path, nargs="+", help="image files, of any size that Pillow reads")
    parser.add_argument("--invert", action="store_true", help="for dark strokes on white, where MNIST has the reverse")
    parser.add_argument("--class", dest="label", help="what they show, by name or number (conditional models only)")
    parser.add_argument("--out", type=Path, help="the folder to write (RUN/reconstructions, or beside a checkpoint)")
    arguments = parser.parse_args()

    run, paths = arguments.run, arguments.image
    for path in paths:
        if str(path).startswith(("out=", "class=")) and not path.exists():
            raise InputError(f"there is no file {path}: write --{str(path).replace('=', ' ', 1)}")
    beside = run.with_name("reconstructions") if run.suffix == ".ckpt" else run / "reconstructions"
    folder = arguments.out or beside
    check_place(folder, OVERVIEW)
    for path in paths:
        if folder.resolve() in (path.parent.resolve(), path.resolve().parent):  # the latter where it is a link
            raise InputError(f"{path} lies in the folder that would be written anew: give another one, --out FOLDER")
    images, made = reconstruct(run, paths, arguments.label, arguments.invert)

    from dlexp.metrics.image_error import error_of_each

    errors = error_of_each(made, images).tolist()  # of pixels in 0..1
    write_pictures(folder, (OVERVIEW, overview(paths, images, made, errors)), made.numpy())
    for number, (path, error) in enumerate(zip(paths, errors, strict=True)):
        print(f"{path}   MSE {error:.5f}   {folder / f'{number:04}.png'}")
    print(f"beside the originals: {folder / OVERVIEW}")


def overview(paths: Sequence[Path], images: "Tensor", made: "Tensor", errors: Sequence[float]) -> bytes:
    """A row an image: as it is, as it comes back, and the error."""
    import torch

    from dlexp.reporting import style
    from dlexp.reporting.image_grid import image_rows

    rows = [
        (f"{short(path.name)}   MSE {error:.4f}", torch.stack(pair).numpy())
        for path, error, *pair in zip(paths, errors, images, made, strict=True)
    ][:MOST_SHOWN]
    heading = (
        "Images and their reconstructions" if len(rows) == len(paths) else f"The first {len(rows)} of {len(paths)}"
    )
    figure = image_rows(rows, heading=heading, above=["original", "reconstruction"])
    figure.get_layout_engine().set(w_pad=0.06)  # inches: the names are long beside two images
    return style.png(figure)


def short(name: str) -> str:
    return name if len(name) <= LONGEST else name[: LONGEST - 1] + "…"


if __name__ == "__main__":
    command(main)
