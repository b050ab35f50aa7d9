"""What can be checked and counted about convolutions: agreement with torch, sizes, shared weights, shifted images."""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from dlexp.errors import InputError
from dlexp.layers.convolution import convolve, convolve_by_loops, output_size, windows

SHIFTED = ("circular", "zeros", "interior", "stride2", "stride4", "dense")  # layers that see a shifted image
BY_TORCH = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}


def settings(grid: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """Every combination: `dims`, `mode`, `padding`, `stride`, `dilation`, and `channels` as (in, out, groups)."""
    names = ("dims", "mode", "padding", "stride", "dilation", "channels")
    return [dict(zip(names, values, strict=True)) for values in product(*(grid[name] for name in names))]


def agreement(
    setting: Mapping[str, Any], *, size: Sequence[int], kernel: Sequence[int], loops: bool, draw: Mapping[str, Any]
) -> dict[str, Tensor | int]:
    """The largest differences to torch of a random convolution by hand and, if wanted, by loops; and its outputs.

    `size` and `kernel` are those of three axes, of which `setting` uses the first; `draw` goes to torch.randn.
    """
    dims, (channels, kernels, groups) = setting["dims"], setting["channels"]
    x = torch.randn(2, channels, *size[:dims], **draw)  # (N, C, *S)
    weight = torch.randn(kernels, channels // groups, *kernel[:dims], **draw)  # (M, C/G, *K)
    bias = torch.randn(kernels, **draw)  # (M,)
    stride, padding, dilation = ([setting[name]] * dims for name in ("stride", "padding", "dilation"))
    mode = setting["mode"]

    y = convolve(x, weight, bias, stride=stride, padding=padding, dilation=dilation, groups=groups, mode=mode)
    padded = F.pad(x, [setting["padding"]] * 2 * dims, mode="constant" if mode == "zeros" else mode)
    expected = BY_TORCH[dims](padded, weight, bias, stride=stride, dilation=dilation, groups=groups)  # (N, M, *O)
    if y.shape != expected.shape:
        return {"error": torch.inf}
    found = {"error": (y - expected).abs().max()}
    if loops and groups == 1:
        slow = convolve_by_loops(x, weight, stride=stride, padding=padding, dilation=dilation, mode=mode)
        found["loops"] = (slow + bias.reshape(-1, *[1] * dims) - expected).abs().max()
    return found


def wrong_sizes(largest: Mapping[str, int]) -> tuple[int, int]:
    """How often the formula of the output size is wrong, and of how many settings.

    All of one axis: size, kernel, stride and dilation from 1, padding from 0, up to the `largest`. Wrong is a size that
    differs from torch's or from the number of our windows, and a 0 where torch finds that the kernel fits.
    """
    first = {"size": 1, "kernel": 1, "stride": 1, "padding": 0, "dilation": 1}
    wrong = checked = 0
    for size, kernel, stride, padding, dilation in product(*(range(low, largest[k] + 1) for k, low in first.items())):
        told = output_size(size, kernel, stride=stride, padding=padding, dilation=dilation)
        x = torch.empty(1, 1, size + 2 * padding, device="meta")  # sizes without numbers
        try:
            weight = torch.empty(1, 1, kernel, device="meta")
            by_torch = F.conv1d(x, weight, stride=stride, dilation=dilation).shape[2]
            ours = windows(x, [kernel], [stride], [dilation]).shape[2]
        except RuntimeError:  # the kernel is larger than the image
            by_torch = ours = 0
        wrong += not told == by_torch == ours
        checked += 1
    return wrong, checked


def dense_matrix(weight: Tensor, image: Sequence[int], padding: int) -> Tensor:
    """The weights (M * H * W, C * H * W) of the dense layer that maps an image (C, H, W) as the kernels `weight` do.

    Column by column: the convolution of an image in which one pixel is 1.
    """
    around = {"stride": [1, 1], "padding": [padding] * 2, "dilation": [1, 1], "groups": 1, "mode": "zeros"}
    pixels = image[0] * image[1] * image[2]
    unit = torch.eye(pixels, dtype=weight.dtype, device=weight.device).reshape(pixels, *image)
    return torch.cat([convolve(part, weight, **around).flatten(1) for part in unit.split(64)]).T


def sharing(image: Sequence[int], *, kernels: int, size: int, padding: int, draw: Mapping[str, Any]) -> dict[str, Any]:
    """Parameters of a convolution and of the dense layer that computes the same, and whether it does.

    Among the dense weights that are not 0 there are only so many different numbers as the kernels have.
    """
    weight = torch.randn(kernels, image[0], size, size, **draw)
    matrix = dense_matrix(weight, image, padding)
    x = torch.randn(1, *image, **draw)
    y = convolve(x, weight, stride=[1, 1], padding=[padding] * 2, dilation=[1, 1], groups=1, mode="zeros")
    return {
        "parameters_convolution": weight.numel() + kernels,
        "parameters_dense": matrix.numel() + len(matrix),
        "parameters_ratio": (matrix.numel() + len(matrix)) / (weight.numel() + kernels),
        "dense_error": (matrix @ x.flatten() - y.flatten()).abs().max(),
        "dense_distinct": len(matrix[matrix != 0].unique()),
    }


def shift_errors(image: Tensor, *, kernels: int, size: int, shifts: int, draw: Mapping[str, Any]) -> dict[str, Tensor]:
    """How far a layer is from giving the shifted output for an image (H, W) shifted sideways, by 0 to `shifts` pixels.

    Relative to the size of the output; the image is shifted as a ring, the kernels are random. With a stride, the
    output is shifted by the number of its pixels that fits best. Convolutions that are circular or have zero padding
    (the whole output, and without its border), strides of 2 and 4, and a dense layer of random weights.
    """
    weight = torch.randn(kernels, 1, size, size, **draw)
    dense = torch.randn(image.numel(), image.numel(), **draw)

    def by(x: Tensor, mode: str = "circular", stride: int = 1) -> Tensor:
        around = {"padding": [size // 2] * 2, "dilation": [1, 1], "groups": 1, "mode": mode}
        return convolve(x[None, None], weight, stride=[1, stride], **around)  # (1, M, H, W / stride)

    def error(layer, stride: int = 1, border: int = 0) -> Tensor:
        plain, found = layer(image), []  # (…, W)
        inside = slice(border, plain.shape[-1] - border)
        for shift in range(shifts + 1):
            shifted = layer(image.roll(shift, -1))
            fits = {shift // stride, -(-shift // stride)}
            distances = [(shifted - plain.roll(moved, -1))[..., inside].norm() for moved in fits]
            found.append(min(distances) / plain[..., inside].norm())
        return torch.stack(found)

    errors = (
        error(by),
        error(lambda x: by(x, "zeros")),
        error(lambda x: by(x, "zeros"), border=size // 2 + shifts),
        error(lambda x: by(x, stride=2), 2),
        error(lambda x: by(x, stride=4), 4),
        error(lambda x: (dense @ x.flatten()).reshape(x.shape)),
    )
    return dict(zip(SHIFTED, errors, strict=True))


def check_grid(grid: Mapping[str, Any]) -> None:
    """InputError if a setting of the grid cannot be."""
    if not set(grid["dims"]) <= set(BY_TORCH):
        raise InputError(f"task.grid.dims={grid['dims']}: give numbers of dimensions from 1 to 3")
    for channels, kernels, groups in grid["channels"]:
        if channels % groups or kernels % groups:
            raise InputError(
                f"task.grid.channels=[{channels},{kernels},{groups}]: give inputs, outputs and groups, "
                "each group with as many of either"
            )
