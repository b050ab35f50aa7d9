"""`python -m dlexp.generate RUN [n=64] [seed=0] [class=NAME] [out=FOLDER]`: images that a finished VAE or GAN draws."""

import argparse
import math
from pathlib import Path
from typing import TYPE_CHECKING

from dlexp.composition.command import command
from dlexp.composition.nearest import nearest
from dlexp.errors import InputError
from dlexp.picture_folder import check_place, png, write_pictures
from dlexp.trained import asked_class, load_task

if TYPE_CHECKING:
    from torch import Tensor

OVERVIEW = "samples.png"
MOST = 10_000  # the images are numbered by four digits
DRAWN = 500  # at once
WORDS = {
    "n": "how many images (64)",
    "seed": "of the random numbers: the same seed, the same images (0)",
    "class": "of what, by name or number; of all, in turn, if it is left out (conditional models only)",
    "out": "the folder to write (RUN/samples, or samples beside a checkpoint)",
}


def generate(run: Path, n: int, seed: int, label: str | None) -> "Tensor":
    """Images float (n, C, H, W), 0..1, of the class `label` where it is not None."""
    task, checkpoint = load_task(run, "generate")
    number = asked_class(label, task, checkpoint)

    import torch

    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(n) % max(task.num_classes, 1) if number is None else torch.full((n,), number)  # (n,)
    with torch.inference_mode():
        return torch.cat([task.generate(len(part), generator, part) for part in labels.split(DRAWN)])


def read_words(words: list[str]) -> dict[str, str]:
    """`["n=64"]` as `{"n": "64"}`."""
    found = {}
    for word in words:
        key, equals, value = word.partition("=")
        if key not in WORDS:
            raise InputError(f"there is no word '{key}='{nearest(key, WORDS)}")
        if not equals or not value:
            raise InputError(f"{word}: give a value, {key}=…, {WORDS[key]}")
        found[key] = value
    return found


def whole_number(key: str, value: str, least: int, most: int) -> int:
    if not value.isdecimal() or not least <= int(value) <= most:
        raise InputError(f"{key}={value}: give a whole number, {least:,} to {most:,}")
    return int(value)


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m dlexp.generate",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="words:\n" + "\n".join(f"  {name + '=':<8}{meaning}" for name, meaning in WORDS.items()),
    )
    parser.add_argument("run", type=Path, help="a run's folder, or a checkpoint")
    parser.add_argument("words", nargs="*", metavar="WORD", help="n=64, seed=0, class=NAME, out=FOLDER")
    arguments = parser.parse_args()

    run, words = arguments.run, read_words(arguments.words)
    n = whole_number("n", words.get("n", "64"), 1, MOST)
    seed = whole_number("seed", words.get("seed", "0"), 0, 2**63 - 1)
    beside = run.with_name("samples") if run.suffix == ".ckpt" else run / "samples"
    folder = Path(words["out"]).expanduser() if "out" in words else beside
    check_place(folder, OVERVIEW)
    images = generate(run, n, seed, words.get("class")).cpu().numpy()

    from dlexp.reporting.image_grid import sheet

    write_pictures(folder, (OVERVIEW, png(sheet(images, columns=math.ceil(math.sqrt(n))))), images)
    print(f"{n} image{'s' * (n > 1)}, all in one: {folder / OVERVIEW}")


if __name__ == "__main__":
    command(main)
