"""Convolution by hand, in one, two or three dimensions: pad, lay all windows side by side, sum each with the kernel.

What networks call convolution is cross-correlation: the kernel is not turned round. Sizes follow Dumoulin and Visin,
A guide to convolution arithmetic for deep learning (2016, arXiv 1603.07285).

Below, D is the number of dimensions, *S the D sizes of the input, *K those of the kernel, *O those of the output.
"""

from collections.abc import Sequence
from itertools import product

import torch
from torch import Tensor

from dlexp.errors import InputError
from dlexp.layers.choice import choose


def output_size(size: int, kernel: int, *, stride: int, padding: int, dilation: int) -> int:
    """Places that a kernel finds along one axis, 0 if it does not fit: one, and one for each stride that is left."""
    left = size + 2 * padding - span(kernel, dilation)
    return left // stride + 1 if left >= 0 else 0


def span(kernel: int, dilation: int) -> int:
    """Pixels from the first to the last that a kernel touches, along one axis."""
    return dilation * (kernel - 1) + 1


def convolve_by_loops(
    x: Tensor, weight: Tensor, *, stride: Sequence[int], padding: Sequence[int], dilation: Sequence[int], mode: str
) -> Tensor:
    """The definition, place by place: what `convolve` does at once, without groups and bias."""
    x = pad(x, padding, mode)
    settings = zip(x.shape[2:], weight.shape[2:], stride, dilation, strict=True)
    sizes = [output_size(size, k, stride=s, padding=0, dilation=d) for size, k, s, d in settings]
    y = x.new_zeros(len(x), len(weight), *sizes)  # (N, M, *O)
    for place in product(*map(range, sizes)):
        for tap in product(*map(range, weight.shape[2:])):
            pixel = [s * o + d * k for o, k, s, d in zip(place, tap, stride, dilation, strict=True)]
            y[(..., *place)] += x[(..., *pixel)] @ weight[(..., *tap)].T  # (N, C) @ (C, M)
    return y


def convolve(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    *,
    stride: Sequence[int],
    padding: Sequence[int],
    dilation: Sequence[int],
    groups: int,
    mode: str,
) -> Tensor:
    """The windows of images `x` (N, C, *S), each summed with M kernels `weight` (M, C / groups, *K): (N, M, *O).

    `stride`, `padding` and `dilation` have a number for each of the D axes; `mode` is how the margin is filled: zeros,
    reflect, replicate or circular. Of the `groups`, each takes its share of the channels to its share of the outputs.

    Raises:
        InputError: a kernel is larger than the padded image, or channels do not fit.
    """
    check(x, weight, padding=padding, dilation=dilation, groups=groups)
    seen = windows(pad(x, padding, mode), weight.shape[2:], stride, dilation)  # (N, C, *O, *K)
    seen = seen.unflatten(1, (groups, -1))  # (N, G, C/G, *O, *K)
    weight = weight.unflatten(0, (groups, -1))  # (G, M/G, C/G, *K)
    o, k = "xyz"[: len(stride)], "uvw"[: len(stride)]
    y = torch.einsum(f"ngc{o}{k},gmc{k}->ngm{o}", seen, weight).flatten(1, 2)  # (N, M, *O)
    return y if bias is None else y + bias.reshape(-1, *[1] * len(stride))


def windows(x: Tensor, kernel: Sequence[int], stride: Sequence[int], dilation: Sequence[int]) -> Tensor:
    """What a kernel of sizes *K sees at each place of `x` (N, C, *S): (N, C, *O, *K), a view that copies no pixel."""
    for axis, (k, s, d) in enumerate(zip(kernel, stride, dilation, strict=True), start=2):
        x = x.unfold(axis, span(k, d), s)[..., ::d]
    return x


def pad(x: Tensor, padding: Sequence[int], mode: str) -> Tensor:
    """`x` (N, C, *S) with margins of `padding` pixels before and after each axis: (N, C, *(S + 2 padding))."""
    source = choose("mode", mode, MODES)
    for axis, width in enumerate(padding, start=2):
        size = x.shape[axis]
        place = torch.arange(-width, size + width, device=x.device)  # of each pixel, counted in the old axis
        x = x.index_select(axis, source(place, size))
        if mode == "zeros":
            outside = (place < 0) | (place >= size)
            x = x.masked_fill(outside.reshape(-1, *[1] * (x.ndim - 1 - axis)), 0)
    return x


def replicate(place: Tensor, size: int) -> Tensor:
    """aa|abc|cc: beyond the border, the last pixel."""
    return place.clamp(0, size - 1)


def circular(place: Tensor, size: int) -> Tensor:
    """bc|abc|ab: the image is a tile."""
    return place % size


def reflect(place: Tensor, size: int) -> Tensor:
    """cb|abc|ba: the border is a mirror, and its own pixel is not seen twice."""
    last = size - 1
    return last - (place % max(2 * last, 1) - last).abs()


# Of each way to fill the margin, where its pixels come from; zeros are written over whatever came.
MODES = {"zeros": replicate, "reflect": reflect, "replicate": replicate, "circular": circular}


def check(x: Tensor, weight: Tensor, *, padding: Sequence[int], dilation: Sequence[int], groups: int) -> None:
    channels, kernels = x.shape[1], len(weight)
    if channels != groups * weight.shape[1] or kernels % groups:
        raise InputError(
            f"{kernels} kernels of {weight.shape[1]} channels in {groups} groups do not fit an image of {channels} "
            "channels: a kernel has channels / groups of them, and the groups are equally large"
        )
    for size, k, p, d in zip(x.shape[2:], weight.shape[2:], padding, dilation, strict=True):
        if output_size(size, k, stride=1, padding=p, dilation=d) == 0:
            raise InputError(f"a kernel that spans {span(k, d)} pixels does not fit into {size} + 2 x {p} of them")
