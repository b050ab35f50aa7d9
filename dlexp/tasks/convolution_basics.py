"""Convolution by hand, held against torch and its formulas, and at work on a picture. Nothing is learned."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from lightning.pytorch import LightningModule
from torch import Tensor
from torch.utils.data import DataLoader

from dlexp.errors import InputError
from dlexp.layers.choice import choose
from dlexp.layers.convolution import MODES, convolve, pad
from dlexp.tasks import convolution_checks as checks
from dlexp.tasks.picture import read_picture

SIDE = 32  # pixels of each side of the picture that is shifted: the dense layer beside it has 32^4 weights


class ConvolutionBasics(LightningModule):
    """A test stage without a fit: each batch is one setting of the `grid`, everything else is measured at the end.

    `picture` (H, W, 3), `filtered` {name: (kernel, (H, W, 3) or (H, W) around 0)}, `padded` {mode: (H, W, 3)},
    `errors` {layer: (shifts + 1,)} and `matrix` with the `kernel` it comes from are there for a figure to be made of.
    """

    def __init__(
        self,
        *,
        grid: Mapping[str, Any],
        sizes: Mapping[str, int],
        sharing: Mapping[str, Any],
        shifts: Mapping[str, int],
        image: str,
        image_size: int,
        kernels: Mapping[str, Sequence[Sequence[float]]],
        border: str,
        margin: int,
        dtype: str,
        seed: int,
        monitor: str,
        mode: str,
    ) -> None:
        super().__init__()
        self.grid = grid
        self.sizes = sizes
        self.sharing = sharing
        self.shifts = shifts
        self.kernels = {name: read_kernel(name, rows) for name, rows in kernels.items()}
        self.border = border
        self.margin = margin
        self.number = getattr(torch, dtype, None)
        self.seed = seed
        self.monitor = monitor
        self.mode = mode
        self.example_input_array = None
        if self.number not in (torch.float32, torch.float64):
            raise InputError(f"task.dtype={dtype}: choose float32 or float64")
        choose("task.border", border, MODES)
        if image_size < SIDE or margin < 1:
            raise InputError(f"task.image_size={image_size}, task.margin={margin}: give {SIDE} and 1 pixels or more")
        checks.check_grid(grid)

        picture = read_picture(image)
        self.small = np.asarray(picture.convert("L").resize((SIDE, SIDE)))  # (H, W)
        picture.thumbnail((image_size, image_size))
        self.picture = np.asarray(picture)  # (H, W, 3) uint8
        self.logged = {
            f"test/{name}"
            for name in (
                *("max_error", "max_error_loops", "settings", "wrong_sizes", "sizes"),
                *("parameters_convolution", "parameters_dense", "parameters_ratio"),
                *("dense_error", "dense_distinct"),
                *(f"shift_error_{layer}" for layer in checks.SHIFTED),
            )
        }

    def test_dataloader(self) -> DataLoader:
        return DataLoader(checks.settings(self.grid), batch_size=None)

    def on_test_epoch_start(self) -> None:
        self.found: list[dict[str, Any]] = []

    def draw(self, stream: int) -> dict[str, Any]:
        """How numbers are drawn: those of one stream, below 10,000, do not depend on what was drawn before."""
        generator = torch.Generator(self.device).manual_seed(10_000 * self.seed + stream)
        return {"generator": generator, "device": self.device, "dtype": self.number}

    def test_step(self, setting: dict[str, Any], batch_idx: int) -> None:
        loops = setting["dims"] <= self.grid["loops_up_to"]
        around = {"size": self.grid["size"], "kernel": self.grid["kernel"], "loops": loops}
        try:
            self.found.append(checks.agreement(setting, draw=self.draw(batch_idx), **around))
        except RuntimeError as error:
            raise InputError(f"task.grid: torch cannot {setting}: {str(error).splitlines()[0]}") from error

    def on_test_epoch_end(self) -> None:
        self.say(max_error=max(one["error"] for one in self.found), settings=len(self.found))
        if loops := [one["loops"] for one in self.found if "loops" in one]:
            self.say(max_error_loops=max(loops))
        wrong, checked = checks.wrong_sizes(self.sizes)
        self.say(wrong_sizes=wrong, sizes=checked)
        self.say(**checks.sharing(**self.sharing, draw=self.draw(9_998)))

        small = torch.tensor(self.small, device=self.device, dtype=self.number)
        small = (small - small.mean()) / small.std().clamp(min=1e-6)
        self.errors = checks.shift_errors(small, **self.shifts, draw=self.draw(9_999))
        self.say(**{f"shift_error_{name}": error.max() for name, error in self.errors.items()})
        self.show()

    def say(self, **metrics: Tensor | float) -> None:
        for name, value in metrics.items():
            self.log(f"test/{name}", torch.as_tensor(value, dtype=torch.float32))

    def show(self) -> None:
        """Convolve and pad the picture, and write the smallest convolution out as a matrix."""
        colours = torch.tensor(self.picture, device=self.device, dtype=self.number).permute(2, 0, 1)[None] / 255
        grey = colours.mean(1, keepdim=True)  # (1, 1, H, W)
        self.filtered = {}
        for name, kernel in self.kernels.items():
            kernel = kernel.to(colours)  # (K, L)
            x = grey if kernel.sum().abs() < 1e-9 else colours  # what has no mean has no colour
            channels = x.shape[1]
            around = {"stride": [1, 1], "padding": [side // 2 for side in kernel.shape], "dilation": [1, 1]}
            weight = kernel.expand(channels, 1, *kernel.shape)  # each channel by itself
            y = convolve(x, weight, groups=channels, mode=self.border, **around)
            self.filtered[name] = (kernel.cpu().numpy(), y[0].permute(1, 2, 0).squeeze(-1).cpu().numpy())
        self.padded = {mode: pad(colours, [self.margin] * 2, mode)[0].permute(1, 2, 0).cpu().numpy() for mode in MODES}
        self.kernel = torch.arange(1.0, 10.0).reshape(3, 3)  # each weight is its own number
        self.matrix = checks.dense_matrix(self.kernel[None, None], [1, 6, 6], 1)  # (36, 36)


def read_kernel(name: str, rows: Sequence[Sequence[float]]) -> Tensor:
    """The kernel (K, L), divided by its sum unless that is 0: a picture keeps its brightness."""
    try:
        kernel = torch.tensor(rows, dtype=torch.float64, device="cpu")
    except (TypeError, ValueError) as error:
        raise InputError(f"task.kernels.{name}: give rows of numbers, all of one length") from error
    if kernel.ndim != 2 or not kernel.shape[0] % 2 == kernel.shape[1] % 2 == 1:
        raise InputError(f"task.kernels.{name}: give an odd number of rows and columns, so that there is a middle")
    total = kernel.sum()
    return kernel / total if total else kernel
