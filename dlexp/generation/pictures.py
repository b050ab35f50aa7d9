"""Images that a finished VAE or GAN draws, as files."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlexp.generation.words import MOST_SEED, whole_number
from dlexp.picture_folder import check_place, png, write_pictures
from dlexp.trained import asked_class

if TYPE_CHECKING:
    from torch import Tensor

WHAT = "a run that draws images"
OVERVIEW = "samples.png"
MOST = 10_000  # the images are numbered by four digits
DRAWN = 500  # at once
WORDS = {
    "n": "how many images (64)",
    "seed": "of the random numbers: the same seed, the same images (0)",
    "class": "of what, by name or number; of all, in turn, if it is left out (conditional models only)",
    "out": "the folder to write (RUN/samples, or samples beside a checkpoint)",
}


def make(run: Path, task: Any, checkpoint: Mapping[str, Any], words: Mapping[str, str]) -> str:
    """Draw and write them; what there is to say about it."""
    n = whole_number("n", words.get("n", "64"), 1, MOST)
    seed = whole_number("seed", words.get("seed", "0"), 0, MOST_SEED)
    beside = run.with_name("samples") if run.suffix == ".ckpt" else run / "samples"
    folder = Path(words["out"]).expanduser() if "out" in words else beside
    check_place(folder, OVERVIEW)
    images = drawn(task, n, seed, asked_class(words.get("class"), task, checkpoint)).cpu().numpy()

    from dlexp.reporting.image_grid import sheet

    write_pictures(folder, (OVERVIEW, png(sheet(images, columns=math.ceil(math.sqrt(n))))), images)
    return f"{n} image{'s' * (n > 1)}, all in one: {folder / OVERVIEW}"


def drawn(task: Any, n: int, seed: int, label: int | None) -> "Tensor":
    """Images float (n, C, H, W), 0..1, of the class `label`, of all in turn where it is None."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(n) % max(task.num_classes, 1) if label is None else torch.full((n,), label)  # (n,)
    with torch.inference_mode():
        return torch.cat([task.generate(len(part), generator, part) for part in labels.split(DRAWN)])
