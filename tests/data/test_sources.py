"""The five data sets: small ones in the published layout, and the published ones where they are at hand."""

import gzip
import hashlib
import inspect
import logging
import os
import pickle
import shutil
import tarfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hydra.utils import instantiate
from omegaconf import OmegaConf
from sklearn.datasets import load_digits
from torch.nn import functional as F
from torchvision.datasets.mnist import read_image_file, read_label_file

from dlexp.data import cifar10, fmnist, mnist, octmnist
from dlexp.data.digits import enlarge
from dlexp.data.idx_set import idx_split
from dlexp.data.image_data import Arrays, ImageData
from dlexp.errors import InputError

CONF = Path(__file__).parents[2] / "conf" / "data"
SIZES = {
    "digits": {"train": 1_437, "test": 360},
    "mnist": {"train": 60_000, "test": 10_000},
    "fmnist": {"train": 60_000, "test": 10_000},
    "cifar10": {"train": 50_000, "test": 10_000},
    "octmnist": {"train": 97_477, "val": 10_832, "test": 1_000},
}
NAMES = list(SIZES)
DOWNLOADED = NAMES[1:]
REAL = Path(os.environ.get("DLEXP_DATA_DIR", "~/.cache/dlexp")).expanduser()


def build(name: str, folder: Path, **changes: object) -> ImageData:
    root = {"data_dir": str(folder), "seed": 0, "data": OmegaConf.load(CONF / f"{name}.yaml")}
    return instantiate(OmegaConf.merge(root, {"data": changes}).data)


# Small sets, published in a folder


def md5(path: Path) -> str:
    return hashlib.md5(path.read_bytes()).hexdigest()


def random_arrays(sizes: dict[str, int], shape: tuple[int, ...], classes: int) -> dict[str, Arrays]:
    random = np.random.default_rng(0)
    return {
        split: (random.integers(256, size=(size, *shape), dtype=np.uint8), np.arange(size) % classes)
        for split, size in sizes.items()
    }


def publish_idx(module, layout: str, folder: Path, monkeypatch) -> dict[str, Arrays]:
    splits, arrays = {}, random_arrays({"train": 40, "test": 20}, (1, 28, 28), classes=10)
    for split, (images, labels) in arrays.items():
        prefix = {"train": "train", "test": "t10k"}[split]
        sums = {}
        for kind, values in {"images-idx3": images[:, 0], "labels-idx1": labels.astype(np.uint8)}.items():
            header = bytes([0, 0, 8, values.ndim]) + np.array(values.shape, ">u4").tobytes()
            path = folder / f"{prefix}-{kind}-ubyte.gz"
            path.write_bytes(gzip.compress(header + values.tobytes()))
            sums[kind] = md5(path), hashlib.md5(header + values.tobytes()).hexdigest()
        splits[split] = idx_split(
            folder=layout,
            prefix=prefix,
            size=len(labels),
            mirrors=(f"{folder.as_uri()}/",),
            images_md5=sums["images-idx3"],
            labels_md5=sums["labels-idx1"],
        )
    monkeypatch.setattr(module, "SPLITS", splits)
    return arrays


def publish_cifar10(folder: Path, monkeypatch) -> dict[str, Arrays]:
    arrays = random_arrays({"train": 50, "test": 20}, (3, 32, 32), classes=10)
    batches = folder / "cifar-10-batches-py"
    batches.mkdir()
    for i, name in enumerate([*cifar10.TRAIN, *cifar10.TEST]):
        images, labels = arrays["test"] if name == "test_batch" else (x[i * 10 :][:10] for x in arrays["train"])
        batch = {"labels": labels.tolist(), "data": images.reshape(len(images), -1)}
        (batches / name).write_bytes(pickle.dumps(batch, protocol=4))
    meta = {"label_names": list(cifar10.CIFAR10.classes)}
    (batches / "batches.meta").write_bytes(pickle.dumps(meta, protocol=4))
    (batches / "readme.html").touch()
    archive = folder / "cifar-10-python.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(batches, "cifar-10-batches-py")
    published = replace(cifar10.ARCHIVE, md5=md5(archive), urls=(archive.as_uri(),))
    monkeypatch.setattr(cifar10, "ARCHIVE", published)
    monkeypatch.setattr(cifar10, "FILES", {name: md5(batches / name) for name in cifar10.FILES})
    return arrays


def publish_octmnist(folder: Path, monkeypatch) -> dict[str, Arrays]:
    arrays = random_arrays({"train": 40, "val": 12, "test": 8}, (1, 28, 28), classes=4)
    archive = folder / "octmnist.npz"
    images = {f"{split}_images": images[:, 0] for split, (images, _) in arrays.items()}
    labels = {f"{split}_labels": labels.astype(np.uint8)[:, None] for split, (_, labels) in arrays.items()}
    np.savez_compressed(archive, **images, **labels)
    published = replace(octmnist.ARCHIVE, md5=md5(archive), urls=(archive.as_uri(),))
    monkeypatch.setattr(octmnist, "ARCHIVE", published)
    return arrays


@pytest.fixture
def publish(tmp_path, monkeypatch):
    """Puts a small set where the code looks for the published one; gives its arrays."""
    folder = tmp_path / "published"
    folder.mkdir()
    return {
        "mnist": lambda: publish_idx(mnist, "MNIST/raw", folder, monkeypatch),
        "fmnist": lambda: publish_idx(fmnist, "FashionMNIST/raw", folder, monkeypatch),
        "cifar10": lambda: publish_cifar10(folder, monkeypatch),
        "octmnist": lambda: publish_octmnist(folder, monkeypatch),
    }


def assert_same(found: dict[str, Arrays], expected: dict[str, Arrays]) -> None:
    assert list(found) == list(expected)
    for split, (images, labels) in found.items():
        np.testing.assert_array_equal(images, expected[split][0])
        np.testing.assert_array_equal(labels, expected[split][1])
        assert (images.dtype, labels.dtype) == (np.uint8, np.int64)


@pytest.mark.parametrize("name", DOWNLOADED)
def test_downloaded_once_then_read_without_a_network(publish, tmp_path, caplog, name):
    expected = publish[name]()
    for _ in range(2):
        data = build(name, tmp_path / "data", validation=None)
        data.prepare_data()
        assert_same(data.read(), expected)
        data.setup()
        torch.testing.assert_close(data.images("test"), torch.from_numpy(expected["test"][0]))
        shutil.rmtree(tmp_path / "published", ignore_errors=True)
    assert not list((tmp_path / "data").rglob("*.part"))
    assert caplog.records == []


def used_files(folder: Path) -> list[Path]:
    """The files of a set that its `read` looks into."""
    return sorted(path for path in folder.rglob("*") if path.is_file() and path.name != cifar10.ARCHIVE.path)


@pytest.mark.parametrize("name", DOWNLOADED)
def test_a_file_that_differs_is_refused_or_accepted_with_one_warning(publish, tmp_path, caplog, name):
    expected = publish[name]()
    data = build(name, tmp_path / "data")
    data.prepare_data()
    contents = {path: path.read_bytes() for path in used_files(tmp_path / "data")}
    for path, content in contents.items():
        path.write_bytes(content + b"\0")  # gzip, pickle and zip do not mind
        with pytest.raises(InputError, match=rf"{path.name} .*delete it .*data\.verify=false"):
            data.read()
        path.write_bytes(content)
    for path, content in contents.items():
        path.write_bytes(content + b"\0")
    data = build(name, tmp_path / "data", verify=False)
    with caplog.at_level(logging.WARNING):
        assert_same(data.read(), expected)
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert all(path.name in caplog.text for path in contents)


@pytest.mark.parametrize("verify", [True, False])
@pytest.mark.parametrize("name", DOWNLOADED)
def test_truncated_files(publish, tmp_path, name, verify):
    publish[name]()
    data = build(name, tmp_path / "data", verify=verify)
    data.prepare_data()
    for path in used_files(tmp_path / "data"):
        content = path.read_bytes()
        for size in (0, 1, len(content) // 2, len(content) - 1):
            path.write_bytes(content[:size])
            with pytest.raises(InputError, match=path.name) as caught:
                data.read()
            assert "\n" not in str(caught.value)
        path.write_bytes(content)


@pytest.mark.parametrize("name", DOWNLOADED)
def test_without_a_network(publish, tmp_path, name):
    publish[name]()
    shutil.rmtree(tmp_path / "published")
    with pytest.raises(InputError, match=r"cannot download .*file:///.*/data.* by hand.*data=digits") as caught:
        build(name, tmp_path / "data").prepare_data()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("beside", [True, False])
@pytest.mark.parametrize("name", ["mnist", "fmnist"])
def test_unpacked_idx_files_are_used_and_checked(publish, tmp_path, name, beside):
    expected = publish[name]()
    data = build(name, tmp_path / "data")
    data.prepare_data()
    for packed in (tmp_path / "data").rglob("*.gz"):
        packed.with_suffix("").write_bytes(gzip.decompress(packed.read_bytes()))
        packed.write_bytes(b"not looked into") if beside else packed.unlink()
    shutil.rmtree(tmp_path / "published")
    data.prepare_data()
    assert_same(data.read(), expected)
    path = next((tmp_path / "data").rglob("t10k-images-idx3-ubyte"))
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    with pytest.raises(InputError, match=r"data\.verify=false"):
        data.read()


def test_cifar10_archive_put_there_by_hand(publish, tmp_path):
    expected = publish["cifar10"]()
    shutil.move(tmp_path / "published/cifar-10-python.tar.gz", tmp_path)
    shutil.rmtree(tmp_path / "published")
    data = build("cifar10", tmp_path)
    data.prepare_data()
    assert_same(data.read(), expected)
    (tmp_path / "cifar-10-batches-py/data_batch_3").unlink()  # only this one is unpacked again
    (tmp_path / "cifar-10-batches-py/data_batch_4").write_bytes(b"mine")
    data.prepare_data()
    assert (tmp_path / "cifar-10-batches-py/data_batch_3").exists()
    assert (tmp_path / "cifar-10-batches-py/data_batch_4").read_bytes() == b"mine"


def test_cifar10_archive_that_differs_is_not_unpacked(publish, tmp_path):
    expected = publish["cifar10"]()
    archive = tmp_path / "cifar-10-python.tar.gz"
    archive.write_bytes((tmp_path / "published" / archive.name).read_bytes() + bytes(10))
    with pytest.raises(InputError, match=r"tar\.gz is not the published file .*data\.verify=false"):
        build("cifar10", tmp_path).prepare_data()
    assert not (tmp_path / "cifar-10-batches-py").exists()
    data = build("cifar10", tmp_path, verify=False)
    data.prepare_data()
    assert_same(data.read(), expected)


def test_cifar10_with_other_classes(publish, tmp_path):
    publish["cifar10"]()
    data = build("cifar10", tmp_path / "data", verify=False)
    data.prepare_data()
    meta = tmp_path / "data/cifar-10-batches-py/batches.meta"
    for content in ({"label_names": ["cat", "dog"]}, {}, ["airplane"]):
        meta.write_bytes(pickle.dumps(content, protocol=2))
        with pytest.raises(InputError, match=r"batches\.meta"):
            data.read()


# Digits


def test_digits_enlarged_as_torch_does_it():
    images = load_digits().images  # (N, 8, 8), 0..16
    expected = F.interpolate(torch.from_numpy(images[:, None]), scale_factor=3, mode="bilinear")  # (N, 1, 24, 24)
    expected = F.pad(expected * 255 / 16, (2, 2, 2, 2))[:, 0]  # (N, 28, 28)
    found = enlarge(images.astype(np.int64))
    assert found.dtype == np.uint8
    assert np.abs(found - expected.numpy()).max() <= 0.5 + 1e-6


def test_digits_need_no_file_and_split_the_same_way_for_every_seed(tmp_path):
    data = [build("digits", tmp_path / "none", seed=seed) for seed in (0, 1)]
    for one in data:
        one.prepare_data()
        one.setup()
    assert not (tmp_path / "none").exists()
    assert {split: len(labels) for split, (_, labels) in data[0].splits.items()} == {
        "train": 1257,
        "val": 180,
        "test": 360,
    }
    for split in ("train", "val", "test"):
        assert torch.equal(data[0].images(split), data[1].images(split))
        share = torch.bincount(data[0].labels(split)) / len(data[0].labels(split))
        np.testing.assert_allclose(share, np.bincount(load_digits().target) / 1797, atol=0.005)
    everything = torch.cat([data[0].images(split) for split in ("train", "val", "test")]).flatten(1)
    expected = torch.from_numpy(enlarge(load_digits().images.astype(np.int64))).flatten(1)
    assert sorted(map(bytes, everything.numpy())) == sorted(map(bytes, expected.numpy()))


# The published sets

COUNTS = {  # images of each class
    ("mnist", "train"): [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949],
    ("mnist", "test"): [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009],
    ("fmnist", "train"): [6_000] * 10,
    ("fmnist", "test"): [1_000] * 10,
    ("cifar10", "train"): [5_000] * 10,
    ("cifar10", "test"): [1_000] * 10,
    ("octmnist", "test"): [250] * 4,
}
PRESENT = {
    "digits": True,
    "mnist": any(REAL.glob("MNIST/raw/t10k-labels-idx1-ubyte*")),  # the last to arrive
    "fmnist": any(REAL.glob("FashionMNIST/raw/t10k-labels-idx1-ubyte*")),
    "cifar10": (REAL / "cifar-10-batches-py/test_batch").exists(),
    "octmnist": (REAL / "octmnist.npz").exists(),
}


def need(name: str) -> None:
    if not PRESENT[name]:
        pytest.skip(f"{name} is not in DLEXP_DATA_DIR")


@pytest.fixture(scope="module", params=NAMES)
def real(request) -> tuple[str, ImageData, dict[str, Arrays]]:
    need(request.param)
    data = build(request.param, REAL, verify=request.param != "cifar10")  # a copy that is nearly exact will do
    data.prepare_data()
    return request.param, data, data.read()


def test_sizes_and_classes(real):
    name, data, splits = real
    assert {split: len(labels) for split, (_, labels) in splits.items()} == SIZES[name]
    for split, (images, labels) in splits.items():
        assert images.shape == (len(labels), *data.input_shape)
        assert (images.dtype, labels.dtype) == (np.uint8, np.int64)
        assert images.flags.c_contiguous
        counts = np.bincount(labels).tolist()
        assert len(counts) == len(data.classes)
        assert counts == COUNTS.get((name, split), counts)


def test_mean_and_std_in_the_yaml_are_those_of_the_training_images(real):
    name, data, splits = real
    if name == "octmnist":
        pytest.skip("normalised as MedMNIST does it")
    for channel, (mean, std) in enumerate(zip(data.mean, data.std, strict=True)):
        counts = np.bincount(splits["train"][0][:, channel].ravel(), minlength=256)
        pixels = np.arange(256) / 255
        expected = np.average(pixels, weights=counts)
        assert mean == pytest.approx(expected, abs=5.1e-5)
        assert std == pytest.approx(np.average((pixels - expected) ** 2, weights=counts) ** 0.5, abs=5.1e-5)


@pytest.mark.parametrize("name", ["mnist", "fmnist"])
def test_the_same_as_torchvision_reads(tmp_path, name):
    need(name)
    data = build(name, REAL)
    images, labels = data.read()["test"]
    for kind, values, read in (
        ("images-idx3", images[:, 0], read_image_file),
        ("labels-idx1", labels, read_label_file),
    ):
        packed = next(REAL.glob(f"{type(data).__name__}/raw/t10k-{kind}-ubyte.gz"))
        (tmp_path / kind).write_bytes(gzip.decompress(packed.read_bytes()))
        np.testing.assert_array_equal(values, read(tmp_path / kind))


def test_the_same_as_pickle_reads():
    need("cifar10")
    images, labels = build("cifar10", REAL, verify=False).read()["train"]
    batch = pickle.loads((REAL / "cifar-10-batches-py/data_batch_5").read_bytes(), encoding="latin1")
    np.testing.assert_array_equal(images[40_000:].reshape(10_000, -1), batch["data"])
    np.testing.assert_array_equal(labels[40_000:], batch["labels"])


def test_cifar10_that_is_not_the_published_one_is_refused():
    need("cifar10")
    if all(md5(REAL / "cifar-10-batches-py" / name) == sum for name, sum in cifar10.FILES.items()):
        pytest.skip("it is the published one")
    with pytest.raises(InputError, match=r"is not the published file .*data\.verify=false"):
        build("cifar10", REAL).read()


@pytest.mark.parametrize("name", NAMES)
def test_yaml_has_every_argument(name):
    given = {str(key) for key in OmegaConf.load(CONF / f"{name}.yaml") if key != "_target_"}
    assert given == set(inspect.signature(type(build(name, REAL))).parameters)
