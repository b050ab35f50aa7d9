import gc
import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import Tensor

from dlexp.data.augment import Augment
from dlexp.data.loader import EvalLoader, TrainLoader
from dlexp.data.normalize import Normalize
from dlexp.data.order import ShuffledShard
from dlexp.errors import InputError

CPU = torch.device("cpu")
MEAN, STD = [0.3, 0.5, 0.6], [0.2, 0.25, 0.3]
NONE = {"shift": 0, "flip": "none", "cutout": 0, "erase": 0.0}
ALL = {"shift": 2, "flip": "random", "cutout": 3, "erase": 0.5}


def random_images(count: int) -> Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (count, 3, 8, 8), dtype=torch.uint8, generator=generator)


def normalized(images: Tensor) -> Tensor:
    mean, std = (torch.tensor(v, dtype=torch.float64).view(3, 1, 1) for v in (MEAN, STD))
    return ((images.double() / 255 - mean) / std).float()


def loader(
    images: Tensor | None = None,
    *,
    batch_size: int = 16,
    seed: int = 0,
    rank: int = 0,
    world_size: int = 1,
    processed: int = 0,
    **augment: object,
) -> TrainLoader:
    """Labels are the numbers of the images, so that a batch tells which images it has."""
    images = random_images(100) if images is None else images
    return TrainLoader(
        images=images,
        labels=torch.arange(len(images)),
        normalize=Normalize(mean=MEAN, std=STD, device=CPU),
        batch_size=batch_size,
        sampler=ShuffledShard(size=len(images), seed=seed, rank=rank, world_size=world_size),
        augment=Augment.from_config(NONE | augment, [3, 8, 8]),
        processed=lambda: processed,
    )


def epoch(loader: TrainLoader, number: int) -> tuple[Tensor, Tensor]:
    """All images and labels of an epoch."""
    loader.sampler.set_epoch(number)
    images, labels = zip(*loader, strict=True)
    return torch.cat(images), torch.cat(labels)


def by_label(images: Tensor, labels: Tensor) -> Tensor:
    return images[labels.argsort()]


def test_without_augmentation_every_image_once_and_normalised() -> None:
    data = loader()
    images, labels = epoch(data, 0)
    assert torch.equal(labels.sort().values, torch.arange(100))
    torch.testing.assert_close(images, normalized(random_images(100)[labels]), rtol=1e-5, atol=1e-5)
    assert not torch.equal(labels, epoch(data, 1)[1])
    assert not torch.equal(labels, epoch(loader(seed=1), 0)[1])


@pytest.mark.parametrize("augment", [NONE, ALL, NONE | {"flip": "alternating"}])
def test_batches_are_contiguous_and_of_the_right_types(augment: dict) -> None:
    for images, labels in loader(**augment):
        assert (images.dtype, labels.dtype) == (torch.float32, torch.int64)
        assert images.is_contiguous()
        assert images.shape == (len(labels), 3, 8, 8)
        assert images.device == labels.device == CPU


def test_pixels_stay_as_they_were() -> None:
    images = random_images(100)
    epoch(loader(images, **ALL), 0)
    assert torch.equal(images, random_images(100))


@pytest.mark.parametrize(
    ("count", "batch_size", "world_size", "sizes"),
    [
        (100, 20, 1, [20, 20, 20, 20, 20]),
        (100, 30, 1, [30, 30, 30, 10]),
        (101, 20, 1, [20, 20, 20, 20, 20]),  # not a batch of one
        (3, 1, 1, [1, 1, 1]),  # unless it is asked for
        (10, 64, 1, [10]),
        (101, 20, 2, [20, 20, 10]),
        (100, 11, 3, [11, 11, 11]),  # 33 for each, of which none is left
        (103, 11, 3, [11, 11, 11]),  # 34 for each, one is left
    ],
)
def test_batch_sizes_are_the_same_on_every_rank(count: int, batch_size: int, world_size: int, sizes: list[int]) -> None:
    for rank in range(world_size):
        data = loader(random_images(count), batch_size=batch_size, rank=rank, world_size=world_size)
        assert [len(labels) for _, labels in data] == sizes
        assert len(data) == len(sizes)


@pytest.mark.parametrize("world_size", [2, 3])
def test_ranks_train_on_different_images(world_size: int) -> None:
    shards = [epoch(loader(batch_size=10, rank=rank, world_size=world_size), 4)[1] for rank in range(world_size)]
    assert len(torch.cat(shards).unique()) == sum(map(len, shards)) == 100 - 100 % world_size


def test_the_epoch_is_read_with_the_first_batch() -> None:
    data = loader(**ALL)
    iterator = iter(data)  # as Lightning does: first the iterator,
    data.sampler.set_epoch(3)  # then the epoch
    assert torch.equal(torch.cat([x for x, _ in iterator]), epoch(loader(**ALL), 3)[0])


@pytest.mark.parametrize("augment", [ALL, NONE | {"flip": "alternating"}, NONE | {"erase": 1.0}])
def test_a_batch_depends_on_seed_epoch_and_number_alone(augment: dict) -> None:
    torch.manual_seed(0)
    data = loader(**augment)
    data.sampler.set_epoch(2)
    whole = list(data)
    torch.manual_seed(1)
    other = loader(**augment)
    epoch(other, 0)  # other things were drawn before
    other.load_state_dict({"epoch": 2, "batch": 4, "batches": len(data)})
    rest = list(other)
    assert len(rest) == len(whole) - 4
    for (x, y), (u, v) in zip(whole[4:], rest, strict=True):
        assert torch.equal(x, u)
        assert torch.equal(y, v)


def test_state_is_used_once_and_in_its_epoch_only() -> None:
    data = loader(processed=4)
    data.sampler.set_epoch(2)
    state = data.state_dict()
    assert state == {"epoch": 2, "batch": 4, "batches": 7}

    resumed = loader()
    resumed.load_state_dict(state)
    assert [len(list(resumed)), len(list(resumed))] == [3, 7]
    resumed.load_state_dict(state)
    assert len(epoch(resumed, 3)[1]) == 100  # Lightning does so when the epoch was complete
    assert len(epoch(resumed, 2)[1]) == 100


def test_state_of_another_loader() -> None:
    state = {"epoch": 2, "batch": 4, "batches": 7}
    with pytest.raises(InputError, match=r"of 7 batches, here it has 4: .*data\.batch_size"):
        loader(batch_size=32).load_state_dict(state)
    loader(batch_size=32).load_state_dict(state | {"batch": 7})  # the epoch is complete
    loader(batch_size=32).load_state_dict(state | {"batch": 0})


def same_images(count: int) -> Tensor:
    return random_images(1).expand(count, -1, -1, -1).contiguous()


@pytest.mark.parametrize(
    ("augment", "variants"),
    [({"shift": 2}, 25), ({"flip": "random"}, 2), ({"cutout": 3}, 64), ({"erase": 1.0}, 400)],
)
def test_each_sample_has_its_own_draw(augment: dict, variants: int) -> None:
    data = loader(same_images(400), batch_size=400, **augment)
    (first, _), (second, _) = epoch(data, 0), epoch(data, 1)
    assert len(torch.unique(first, dim=0)) == variants  # all there are: with 400 draws none is missed
    assert not torch.equal(first, second)
    ranks = [next(iter(loader(same_images(400), rank=r, world_size=2, **augment)))[0] for r in range(2)]
    assert not torch.equal(*ranks)
    batches = [x for x, _ in loader(same_images(400), batch_size=200, **augment)]
    assert not torch.equal(*batches)


def test_shifted_images_are_windows_of_the_reflected_ones() -> None:
    source = random_images(100)
    images, labels = epoch(loader(source, shift=1), 0)
    padded = normalized(torch.from_numpy(np.pad(source, ((0, 0), (0, 0), (1, 1), (1, 1)), mode="reflect")))
    windows = torch.stack([padded[labels][:, :, y : y + 8, x : x + 8] for y in range(3) for x in range(3)])
    close = (windows - images).abs().amax((2, 3, 4)) < 1e-5  # (9, 100)
    assert close.any(0).all()
    assert close.any(1).all()  # every shift occurs


def test_random_flip_mirrors_half_of_the_images_others_in_each_epoch() -> None:
    source = random_images(400)
    plain = normalized(source)
    data = loader(source, flip="random")
    mirrored = []
    for number in range(2):
        images = by_label(*epoch(data, number))
        is_plain = (images - plain).abs().amax((1, 2, 3)) < 1e-5
        is_mirrored = (images - plain.flip(-1)).abs().amax((1, 2, 3)) < 1e-5
        assert (is_plain ^ is_mirrored).all()
        assert 150 < is_mirrored.sum() < 250
        mirrored.append(is_mirrored)
    assert 150 < (mirrored[0] ^ mirrored[1]).sum() < 250


def test_alternating_flip_shows_both_forms_in_any_two_epochs() -> None:
    source = random_images(400)
    plain = normalized(source)
    data = loader(source, flip="alternating")
    epochs = [by_label(*epoch(data, number)) for number in range(4)]
    for now, then in pairwise(epochs):
        assert torch.equal(now, then.flip(-1))
    in_epoch_0 = (epochs[0] - plain).abs().amax((1, 2, 3)) > 1e-5
    assert 150 < in_epoch_0.sum() < 250
    other_seed = by_label(*epoch(loader(source, flip="alternating", seed=1), 0))
    assert not torch.equal(epochs[0], other_seed)


def test_cutout_is_a_square_of_zeros_clipped_at_the_border() -> None:
    white = torch.full((200, 3, 8, 8), 255, dtype=torch.uint8)
    images, _ = epoch(loader(white, batch_size=200, cutout=4), 0)
    hidden = images == 0
    assert torch.equal(hidden, hidden[:, :1].expand_as(hidden))  # the same in every channel
    areas = hidden[:, 0].sum((1, 2))
    assert areas.max() == 16
    assert areas.min() == 4  # a quarter of it, in a corner


def test_erase_puts_normal_noise_into_the_share_of_images_that_was_asked_for() -> None:
    white = torch.full((2000, 3, 8, 8), 255, dtype=torch.uint8)
    images, _ = epoch(loader(white, erase=0.25), 0)
    changed = (images - normalized(white[:1])).abs() > 1e-5
    assert changed.any((1, 2, 3)).double().mean() == pytest.approx(0.25, abs=0.03)
    noise = images[changed].double()
    assert noise.mean() == pytest.approx(0, abs=0.03)
    assert noise.std() == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize("world_size", [1, 2, 3])
@pytest.mark.parametrize("count", [3, 100, 101])
@pytest.mark.parametrize("batch_size", [1, 10, 25, 1000])
def test_evaluation_sees_each_image_once_in_equally_many_batches(count: int, batch_size: int, world_size: int) -> None:
    images = random_images(count)
    loaders = [
        EvalLoader(
            inputs=images,
            labels=torch.arange(count),
            prepare=Normalize(mean=MEAN, std=STD, device=CPU),
            batch_size=batch_size,
            rank=rank,
            world_size=world_size,
        )
        for rank in range(world_size)
    ]
    batches = [list(data) for data in loaders]
    steps = math.ceil(math.ceil(count / world_size) / batch_size)
    assert {len(data) for data in loaders} == {len(b) for b in batches} == {steps}
    assert max(len(labels) for rank in batches for _, labels in rank) <= batch_size
    seen = [(x, y) for rank in batches for xs, ys in rank for x, y in zip(xs, ys, strict=True)]
    assert sorted(y.item() for _, y in seen) == list(range(count))
    stacked, labels = torch.stack([x for x, _ in seen]), torch.stack([y for _, y in seen])
    torch.testing.assert_close(stacked, normalized(images[labels]), rtol=1e-5, atol=1e-5)
    if world_size == 1:
        assert labels.tolist() == list(range(count))  # in order
    assert all(x.is_contiguous() and x.dtype == torch.float32 for rank in batches for x, _ in rank)


def test_memory_stays_flat_in_the_length_of_training() -> None:
    """Shuffled, moved, mirrored, cut out and erased: an epoch leaves nothing behind."""
    batches = loader(shift=2, flip="alternating", cutout=2, erase=0.5)
    counts = []
    for number in range(4):
        epoch(batches, number)
        gc.collect()
        counts.append(sum(issubclass(type(thing), Tensor) for thing in gc.get_objects()))
    assert len(set(counts[1:])) == 1
