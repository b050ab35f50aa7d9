"""Each augmentation against a slow one, that goes through samples and pixels in Python."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from dlexp.data import augment
from dlexp.data.augment import Augment, PaddedImages
from dlexp.errors import InputError

CONFIG = {"shift": 0, "flip": "none", "cutout": 0, "erase": 0.0}


def random_images(seed: int, count: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, *shape), dtype=np.uint8)


def reflected(i: int, size: int) -> int:
    """The pixel that is seen at `i`, outside the image as well: 2 1 | 0 1 2 | 1 0."""
    if i < 0:
        return -i
    return 2 * (size - 1) - i if i >= size else i


def slow_shift(image: np.ndarray, dy: int, dx: int) -> np.ndarray:
    _, height, width = image.shape
    out = np.empty_like(image)
    for y in range(height):
        for x in range(width):
            out[:, y, x] = image[:, reflected(y - dy, height), reflected(x - dx, width)]
    return out


def slow_rectangle(image: np.ndarray, top: int, left: int, bottom: int, right: int, new: np.ndarray) -> np.ndarray:
    out = image.copy()
    for y in range(max(top, 0), min(bottom, image.shape[1])):
        for x in range(max(left, 0), min(right, image.shape[2])):
            out[:, y, x] = new[:, y, x]
    return out


shapes = st.tuples(st.integers(1, 3), st.integers(2, 7), st.integers(2, 7))
seeds = st.integers(0, 2**31)


@settings(deadline=None, max_examples=50)
@given(shapes, seeds, st.data())
def test_shift(shape: tuple[int, int, int], seed: int, data: st.DataObject) -> None:
    images = random_images(seed, 4, *shape)
    margin = data.draw(st.integers(1, min(shape[1:]) - 1))
    index, dy, dx = np.random.default_rng(seed).integers(
        [[0], [-margin], [-margin]], [[4], [margin + 1], [margin + 1]], (3, 9)
    )
    ours = PaddedImages(torch.from_numpy(images), margin).shift(*map(torch.from_numpy, (index, dy, dx)))
    assert ours.dtype == torch.uint8
    assert ours.is_contiguous()
    slow = [slow_shift(images[i], a, b) for i, a, b in zip(index, dy, dx, strict=True)]
    assert np.array_equal(ours.numpy(), slow)


@given(shapes, seeds)
def test_flip(shape: tuple[int, int, int], seed: int) -> None:
    images = random_images(seed, 5, *shape)
    mirrored = np.random.default_rng(seed).integers(0, 2, 5)
    ours = augment.flip(torch.from_numpy(images), torch.from_numpy(mirrored))
    slow = [image[:, :, ::-1] if m else image for image, m in zip(images, mirrored, strict=True)]
    assert np.array_equal(ours.numpy(), slow)


@given(shapes, seeds, st.integers(1, 10))
def test_cutout(shape: tuple[int, int, int], seed: int, size: int) -> None:
    images = random_images(seed, 5, *shape).astype(np.float32) + 1
    y, x = np.random.default_rng(seed).integers(0, [[shape[1]], [shape[2]]], (2, 5))
    ours = augment.cutout(torch.from_numpy(images), torch.from_numpy(y), torch.from_numpy(x), size)
    tops, lefts = y - size // 2, x - size // 2
    slow = [
        slow_rectangle(image, top, left, top + size, left + size, np.zeros(shape))
        for image, top, left in zip(images, tops, lefts, strict=True)
    ]
    assert np.array_equal(ours.numpy(), slow)


@given(shapes, seeds)
def test_erase(shape: tuple[int, int, int], seed: int) -> None:
    random = np.random.default_rng(seed)
    images, noise = random.standard_normal((2, 5, *shape), dtype=np.float32)
    top, left = random.integers(0, [[shape[1]], [shape[2]]], (2, 5))
    height, width = random.integers(0, [[shape[1] + 1], [shape[2] + 1]], (2, 5))
    drawn = (torch.from_numpy(a).float() for a in (top, left, height, width))
    ours = augment.erase(torch.from_numpy(images), *drawn, noise=torch.from_numpy(noise))
    slow = [
        slow_rectangle(images[i], top[i], left[i], top[i] + height[i], left[i] + width[i], noise[i]) for i in range(5)
    ]
    assert np.array_equal(ours.numpy(), slow)


def test_random_rectangles() -> None:
    height, width, count = 32, 40, 20_000
    generator = torch.Generator().manual_seed(0)
    drawn = augment.random_rectangles(count, height, width, probability=0.25, generator=generator)
    top, left, h, w = (t.double() for t in drawn)
    assert all(torch.equal(t, t.round()) for t in (top, left, h, w))
    assert (top.min(), left.min()) == (0, 0)
    assert (top + h).max() == (top + h)[h < height].max() == height
    assert (left + w).max() == (left + w)[w < width].max() == width
    erased = h > 0
    assert erased.double().mean() == pytest.approx(0.25, abs=0.01)
    h, w = h[erased], w[erased]
    area, ratio = h * w / (height * width), h / w
    inside = (h < height) & (w < width)  # what did not fit was cut
    assert inside.double().mean() > 0.95
    assert area.mean() == pytest.approx((0.02 + 0.33) / 2, abs=0.005)
    assert area.min() > 0.015  # 0.02, and sides are whole pixels
    assert area.max() < 0.35
    assert ratio[inside].min() > 0.25
    assert ratio[inside].max() < 4
    small = area < 0.2  # of these none was cut
    assert ratio[small].log().mean() == pytest.approx(0, abs=0.03)  # as many upright as lying


@pytest.mark.parametrize("probability", [0, 1])
def test_random_rectangles_never_and_always(probability: float) -> None:
    generator = torch.Generator().manual_seed(0)
    height = augment.random_rectangles(1000, 8, 8, probability=probability, generator=generator)[2]
    assert (height > 0).double().mean() == probability


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rotate": 1}, "keys shift, flip, cutout, erase: look at rotate"),
        ({"shift": -1}, r"data\.augment\.shift=-1: .* 0 to 7"),
        ({"shift": 8}, r"data\.augment\.shift=8: .* 0 to 7"),
        ({"shift": 1.5}, r"data\.augment\.shift=1\.5"),
        ({"flip": "sometimes"}, "sometimes: choose from none, random, alternating"),
        ({"flip": None}, "None: choose from none, random, alternating"),
        ({"cutout": -2}, r"data\.augment\.cutout=-2"),
        ({"erase": 1.1}, r"data\.augment\.erase=1\.1: .* 0 to 1"),
        ({"erase": "often"}, r"data\.augment\.erase=often"),
    ],
)
def test_wrong_values(change: dict, message: str) -> None:
    for image_shape in ([3, 8, 10], [3, 10, 8]):
        with pytest.raises(InputError, match=message):
            Augment.from_config(CONFIG | change, image_shape)


def test_missing_key() -> None:
    with pytest.raises(InputError, match="look at erase"):
        Augment.from_config({k: v for k, v in CONFIG.items() if k != "erase"}, [3, 8, 10])


def test_what_needs_no_draws() -> None:
    assert not Augment.from_config(CONFIG | {"flip": "alternating"}, [1, 4, 4]).draws
    for change in ({"shift": 1}, {"flip": "random"}, {"cutout": 1}, {"erase": 0.1}):
        assert Augment.from_config(CONFIG | change, [1, 4, 4]).draws
