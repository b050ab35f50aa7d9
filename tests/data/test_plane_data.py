"""Points in the plane: sizes and classes, where they lie, the same for every seed, resumable within an epoch."""

from pathlib import Path

import pytest
import torch
from hydra import compose, initialize_config_dir
from hydra.errors import InstantiationException
from hydra.utils import instantiate
from scipy.optimize import linprog
from torch import Tensor

from dlexp.data.order import ShuffledShard
from dlexp.data.plane.circles import Circles
from dlexp.data.plane.clouds import Clouds
from dlexp.data.plane.moons import Moons
from dlexp.data.plane.plane_data import PlaneData
from dlexp.data.plane.xor import Xor
from dlexp.data.table_data import TableLoader
from dlexp.errors import InputError
from dlexp.schema import register

CONF = Path(__file__).parents[2] / "conf"
SETS = ("clouds", "moons", "circles", "xor")


def build(name: str, *words: str) -> PlaneData:
    register()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        data = instantiate(compose("config", ["task=linear_classifier", f"data={name}", *words]).data, _convert_="all")
    data.setup()
    return data


def draw(points, count: int = 2000) -> tuple[Tensor, Tensor]:
    labels = torch.arange(count) % 2
    return points(labels, torch.Generator().manual_seed(0)), labels


def separable(points: Tensor, labels: Tensor) -> bool:
    """Whether a line separates the classes: a linear program finds (w, b) with side (w x + b) >= 1, or none."""
    side = 2.0 * labels[:, None] - 1
    lines = -side * torch.cat([points, torch.ones(len(points), 1)], 1)  # (N, 3)
    answer = linprog([0, 0, 0], A_ub=lines.numpy(), b_ub=-torch.ones(len(points)).numpy(), bounds=(None, None))
    return answer.status == 0


@pytest.mark.parametrize("name", SETS)
def test_sizes_types_and_classes(name):
    data = build(name, "data.samples=30", "data.validation=20", "data.test=11")
    for split, size in (("train", 30), ("val", 20), ("test", 11)):
        points, labels = data.features(split), data.labels(split)
        assert points.shape == (size, 2)
        assert points.dtype == torch.float32
        assert labels.dtype == torch.int64
        assert labels.bincount().tolist() == [size - size // 2, size // 2]
    assert data.classes == ("0", "1")
    assert data.preprocessing == {"columns": ["x", "y"]}


@pytest.mark.parametrize("name", SETS)
def test_points_depend_on_the_draw_and_not_on_the_seed(name):
    one, other, drawn = build(name), build(name, "seed=5"), build(name, "data.draw=1")
    everything = []
    for split in ("train", "val", "test"):
        assert torch.equal(one.features(split), other.features(split))
        everything += [one.features(split), drawn.features(split)]
    assert len(torch.cat(everything).unique(dim=0)) == sum(map(len, everything))  # no split repeats another


@pytest.mark.parametrize("name", SETS)
def test_more_points_do_not_move_validation_and_test(name):
    few, many = build(name), build(name, "data.samples=1000")
    assert torch.equal(few.features("test"), many.features("test"))
    assert torch.equal(few.features("val"), many.features("val"))


@pytest.mark.parametrize("margin", [0.0, 0.05, 0.3, 2.0])
def test_clouds_keep_their_margin(margin):
    points, labels = draw(Clouds(margin=margin, spread=1.0, angle=30, offset=0.5))
    normal = torch.tensor([3**0.5 / 2, 0.5])
    distance = (2.0 * labels - 1) * (points @ normal - 0.5)  # positive on the right side
    assert distance.min() >= margin - 1e-5
    assert distance.min() < margin + 0.02  # and some points are near it
    if margin:
        assert separable(points, labels)


@pytest.mark.parametrize("margin", [-0.2, -1.0])
def test_below_zero_no_line_separates_them(margin):
    points, labels = draw(Clouds(margin=margin, spread=1.0, angle=110, offset=-1.0))
    assert not separable(points, labels)


@pytest.mark.parametrize("name", ["moons", "circles", "xor"])
def test_no_line_separates_the_others(name):
    data = build(name)
    assert not separable(data.features("train"), data.labels("train"))


def test_moons_lie_on_half_circles():
    points, labels = draw(Moons(noise=0.0))
    for label, centre, side in ((0, (-0.5, -0.25), 1), (1, (0.5, 0.25), -1)):
        arm = points[labels == label] - torch.tensor(centre)
        torch.testing.assert_close(arm.norm(dim=1), torch.ones(len(arm)))
        assert (side * arm[:, 1] >= -1e-6).all()


def test_circles_have_their_radii():
    points, labels = draw(Circles(inner=0.4, noise=0.0))
    torch.testing.assert_close(points.norm(dim=1), torch.where(labels == 1, 0.4, 1.0))


def test_xor_has_opposite_corners_of_one_class():
    points, labels = draw(Xor(noise=0.0))
    assert torch.equal(points.prod(1) < 0, labels == 1)
    assert len(points.unique(dim=0)) == 4


@pytest.mark.parametrize("points", [Moons(noise=0.2), Circles(inner=0.5, noise=0.2), Xor(noise=0.2)])
def test_noise_is_a_standard_deviation(points):
    noisy, _ = draw(points, 20_000)
    points.noise = 0.0
    clean, _ = draw(points, 20_000)
    torch.testing.assert_close((noisy - clean).std(0), torch.full((2,), 0.2), rtol=0.03, atol=0)


@pytest.mark.parametrize(
    ("name", "words", "line"),
    [
        ("clouds", "data.points.spread=-1", r"data\.points\.spread=-1 .* from 0 up"),
        ("moons", "data.points.noise=-0.1", r"data\.points\.noise=-0\.1 .* 0 or more"),
        ("circles", "data.points.noise=-0.1", r"data\.points\.noise=-0\.1 .* 0 or more"),
        ("xor", "data.points.noise=-0.1", r"data\.points\.noise=-0\.1 .* 0 or more"),
        ("circles", "data.points.inner=1.0", r"data\.points\.inner=1\.0 .* below 1"),
        ("xor", "data.samples=1", r"data\.samples=1: .* 2 or more"),
        ("xor", "data.test=0.5", r"data\.test=0\.5: .* 2 or more"),
        ("xor", "data.draw=-1", r"data\.draw=-1: .* 0 or more"),
        ("xor", "data.input_shape=[3]", r"data\.input_shape=\[3\], but the set has 2 columns"),
        ("xor", "data.num_classes=3", r"data\.num_classes=3, but the set has 2 classes"),
        ("xor", "data.batch_size=0", r"data\.batch_size=0: .* 1 or more"),
        ("xor", "seed=-1", r"seed=-1: .* 0 or more"),
    ],
)
def test_what_cannot_be(name, words, line):
    with pytest.raises(InstantiationException, match=line) as caught:
        build(name, words)
    assert isinstance(caught.value.__cause__, InputError)


def loader(processed: int = 0, *, size: int = 23, batch_size: int = 5) -> TableLoader:
    """Features are the numbers of the samples, so that a batch tells which it has."""
    sampler = ShuffledShard(size=size, seed=3, rank=0, world_size=1)
    number = torch.arange(size)
    features = number[:, None] * torch.tensor([1.0, -1.0])
    return TableLoader(
        features=features, labels=number, batch_size=batch_size, sampler=sampler, processed=lambda: processed
    )


def test_an_epoch_has_every_row_once_with_its_label():
    batches = list(loader())
    assert [len(labels) for _, labels in batches] == [5, 5, 5, 5, 3]
    for features, labels in batches:
        assert torch.equal(features[:, 0].long(), labels)
        assert torch.equal(features[:, 1], -features[:, 0])
    assert torch.cat([labels for _, labels in batches]).sort().values.tolist() == list(range(23))


def test_a_last_batch_of_one_is_trained_on():
    assert [len(labels) for _, labels in loader(size=21)] == [5, 5, 5, 5, 1]


def test_it_goes_on_within_an_epoch():
    whole = loader()
    whole.sampler.set_epoch(2)
    expected = [labels for _, labels in whole]
    state = (stopped := loader(processed=3)).state_dict() | {"epoch": 2}
    assert stopped.state_dict() == {"epoch": 0, "batch": 3, "batches": 5}
    resumed = loader()
    resumed.load_state_dict(state)
    assert [labels.tolist() for _, labels in resumed] == [labels.tolist() for labels in expected[3:]]
    assert len(list(resumed)) == 5  # the next one begins at its beginning
    with pytest.raises(InputError, match=r"epoch of 5 batches.* 12"):
        loader(batch_size=2).load_state_dict(state)


def test_epochs_differ_and_seeds_do():
    data, other = build("xor"), build("xor", "seed=1")
    first, again, second = data.train_dataloader(), data.train_dataloader(), data.train_dataloader()
    second.sampler.set_epoch(1)
    points = [torch.cat([x for x, _ in batches]) for batches in (first, again, second, other.train_dataloader())]
    assert torch.equal(points[0], points[1])
    assert not torch.equal(points[0], points[2])
    assert not torch.equal(points[0], points[3])
