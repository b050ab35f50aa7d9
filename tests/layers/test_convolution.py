"""Convolution by hand against torch, numpy and scipy, and its sizes against what can be counted."""

from itertools import product

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import correlate
from torch.nn import functional as F

from dlexp.errors import InputError
from dlexp.layers.convolution import convolve, convolve_by_loops, output_size, pad, windows

BY_TORCH = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
SIZE, KERNEL = (6, 5, 7), (3, 2, 1)
MODES = ("zeros", "reflect", "replicate", "circular")


def draw(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def plain(dims: int, **changes) -> dict:
    settings = {"stride": 1, "padding": 0, "dilation": 1} | changes
    return {name: [value] * dims for name, value in settings.items()}


@pytest.mark.parametrize("dims", [1, 2, 3])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("channels", "kernels", "groups"), [(1, 1, 1), (3, 2, 1), (4, 6, 2), (3, 3, 3)])
def test_equals_torch(dims, mode, channels, kernels, groups):
    x = draw(2, channels, *SIZE[:dims])
    weight, bias = draw(kernels, channels // groups, *KERNEL[:dims], seed=1), draw(kernels, seed=2)
    for padding, stride, dilation in product((0, 1, 2), (1, 3), (1, 2)):
        settings = plain(dims, stride=stride, padding=padding, dilation=dilation)
        padded = F.pad(x, [padding] * 2 * dims, mode="constant" if mode == "zeros" else mode)
        expected = BY_TORCH[dims](padded, weight, bias, stride=stride, dilation=dilation, groups=groups)
        found = convolve(x, weight, bias, **settings, groups=groups, mode=mode)
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("dims", [1, 2, 3])
@pytest.mark.parametrize("mode", MODES)
def test_equals_the_definition(dims, mode):
    x, weight = draw(2, 2, *SIZE[:dims]), draw(3, 2, *KERNEL[:dims], seed=1)
    settings = plain(dims, stride=2, padding=1, dilation=2)
    expected = convolve_by_loops(x, weight, **settings, mode=mode)
    torch.testing.assert_close(convolve(x, weight, **settings, groups=1, mode=mode), expected, rtol=0, atol=1e-12)


def test_equals_scipy():
    x, weight = draw(1, 1, 9, 8), draw(1, 1, 3, 4, seed=1)
    found = convolve(x, weight, **plain(2), groups=1, mode="zeros")[0, 0]
    np.testing.assert_allclose(found, correlate(x[0, 0], weight[0, 0], mode="valid"), atol=1e-12)


def test_each_axis_has_its_own_settings():
    x, weight = draw(1, 2, 9, 8, 7), draw(3, 2, 2, 3, 2, seed=1)
    settings = {"stride": [1, 2, 3], "padding": [2, 0, 1], "dilation": [3, 1, 2]}
    found = convolve(x, weight, **settings, groups=1, mode="zeros")
    torch.testing.assert_close(found, F.conv3d(x, weight, **settings), rtol=0, atol=1e-12)
    slow = convolve_by_loops(x, weight, **settings, mode="zeros")
    torch.testing.assert_close(slow, found, rtol=0, atol=1e-12)


def test_gradients_flow_through_it():
    x, weight = draw(1, 2, 5, 5).requires_grad_(), draw(2, 2, 3, 3, seed=1).requires_grad_()

    def by_hand(x, weight):
        return convolve(x, weight, **plain(2, stride=2, padding=1), groups=1, mode="reflect")

    assert torch.autograd.gradcheck(by_hand, (x, weight))


@pytest.mark.parametrize(("mode", "in_numpy"), [("reflect", "reflect"), ("replicate", "edge"), ("circular", "wrap")])
@pytest.mark.parametrize("size", [1, 2, 5])
def test_padding_equals_numpy_also_where_torch_gives_up(mode, in_numpy, size):
    x = draw(1, 1, size, 3)
    found = pad(x, [7, 4], mode)[0, 0]
    np.testing.assert_array_equal(found, np.pad(x[0, 0], ((7, 7), (4, 4)), mode=in_numpy))


def test_a_margin_of_zeros_is_zero_whatever_the_image():
    x = torch.full((1, 1, 2, 2), torch.inf)
    assert torch.equal(pad(x, [1, 1], "zeros"), F.pad(x, [1, 1, 1, 1]))


def test_windows_copy_nothing():
    x = draw(1, 1, 100, 100)
    seen = windows(x, [5, 5], [1, 1], [2, 2])
    assert seen.shape == (1, 1, 92, 92, 5, 5)
    assert seen.untyped_storage().data_ptr() == x.untyped_storage().data_ptr()


@given(
    size=st.integers(1, 40),
    kernel=st.integers(1, 9),
    stride=st.integers(1, 9),
    padding=st.integers(0, 9),
    dilation=st.integers(1, 9),
)
def test_sizes_can_be_counted(size, kernel, stride, padding, dilation):
    last = size + 2 * padding - 1  # the last pixel
    starts = [start for start in range(0, last + 1, stride) if start + dilation * (kernel - 1) <= last]
    assert output_size(size, kernel, stride=stride, padding=padding, dilation=dilation) == len(starts)


@pytest.mark.parametrize(
    ("shape", "weight", "groups", "line"),
    [
        ((1, 1, 4), (1, 1, 3), 1, "spans 5 pixels does not fit into 4"),
        ((1, 3, 9), (1, 2, 3), 1, "1 kernels of 2 channels in 1 groups"),
        ((1, 4, 9), (3, 2, 3), 2, "3 kernels of 2 channels in 2 groups"),
    ],
)
def test_what_does_not_fit(shape, weight, groups, line):
    with pytest.raises(InputError, match=line):
        convolve(draw(*shape), draw(*weight), **plain(1, dilation=2), groups=groups, mode="zeros")


def test_a_mode_that_there_is_not():
    with pytest.raises(InputError, match=r"mode=mirror.*zeros, reflect"):
        pad(draw(1, 1, 4), [1], "mirror")
