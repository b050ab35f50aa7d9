"""The readers of idx, gz, pickle, tar and npz files, on good, damaged and malicious input."""

import gzip
import io
import os
import pickle
import struct
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from dlexp.data.archive import unpack
from dlexp.data.bounded import read_bounded
from dlexp.data.cifar10 import read_batch
from dlexp.data.idx import parse_idx
from dlexp.data.inert_pickle import PickleError, array_of, parse_pickle
from dlexp.data.octmnist import read_npz
from dlexp.errors import InputError

fuzz = settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])


@st.composite
def damage(draw, content: bytes) -> bytes:
    """`content` with a few bytes changed, cut out or put in, or cut short."""
    damaged = bytearray(content)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(content)))
        width = draw(st.sampled_from([0, 1, 1, 2, 8, len(content)]))
        damaged[at : at + width] = draw(st.binary(min_size=0, max_size=8))
    return bytes(damaged)


def assert_one_line(error: Exception) -> None:
    assert "\n" not in str(error)


# idx


def idx(array: np.ndarray) -> bytes:
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


@given(arrays(np.uint8, array_shapes(min_dims=1, max_dims=4)))
def test_idx_roundtrip(array):
    np.testing.assert_array_equal(parse_idx(idx(array), item_shape=array.shape[1:], name="x"), array)


ARRAY = np.random.default_rng(0).integers(256, size=(5, 28, 28), dtype=np.uint8)
HEADER = bytes([0, 0, 8, 3])
SIZES = struct.pack(">3I", 2, 3, 4)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not an idx file"),
        (HEADER + SIZES[:11], "not an idx file"),
        (bytes([1, 0, 8, 3]) + SIZES + bytes(24), "not an idx file"),
        (bytes([0, 0, 9, 3]) + SIZES + bytes(24), "not an idx file of unsigned bytes"),
        (bytes([0, 0, 8, 1]) + SIZES + bytes(24), "in 3 dimensions"),
        (HEADER + SIZES + bytes(23), "23 bytes of values where .* announces 24"),
        (HEADER + SIZES + bytes(25), "25 bytes of values where .* announces 24"),
        (HEADER + struct.pack(">3I", 2, 4, 3) + bytes(24), r"\(N, 3, 4\) belongs"),
        (HEADER + struct.pack(">3I", 0, 3, 4), r"\(0, 3, 4\)"),
        (HEADER + struct.pack(">3I", 2**32 - 1, 3, 4) + bytes(24), "announces 51,539,607,540"),
    ],
)
def test_idx_that_is_none(content, message):
    with pytest.raises(InputError, match=message):
        parse_idx(content, item_shape=(3, 4), name="x")


@pytest.mark.parametrize("fraction", [0, 0.001, 0.01, 0.5, 0.9, 0.9999])
def test_truncated_gz(tmp_path, fraction):
    packed = gzip.compress(idx(ARRAY))
    path = tmp_path / "images.gz"
    path.write_bytes(packed[: int(fraction * len(packed))])
    with pytest.raises(InputError, match="truncated or damaged" if fraction else "not an idx file"):
        parse_idx(read_bounded(path, 16 + ARRAY.size), item_shape=(28, 28), name=str(path))


@pytest.mark.parametrize("size", [99, 100, 101, 10_000_000])
@pytest.mark.parametrize("name", ["plain", "packed.gz"])
def test_a_file_may_not_hold_more_than_it_can_rightly(tmp_path, name, size):
    path = tmp_path / name
    with gzip.open(path, "wb") if name == "packed.gz" else path.open("wb") as file:
        file.write(bytes(size))
    if size > 100:
        with pytest.raises(InputError, match="more than the 100 bytes"):
            read_bounded(path, 100)
    else:
        assert read_bounded(path, 100) == bytes(size)


def test_file_that_cannot_be_read(tmp_path):
    with pytest.raises(InputError, match=r"cannot read .*No such file"):
        read_bounded(tmp_path / "missing.gz", 100)
    with pytest.raises(InputError, match=r"cannot read .*Is a directory"):
        read_bounded(tmp_path, 100)


@fuzz
@given(damage(gzip.compress(idx(ARRAY), mtime=0)))
def test_damaged_idx_gz(tmp_path, content):
    path = tmp_path / "images.gz"
    path.write_bytes(content)
    try:
        found = parse_idx(read_bounded(path, 16 + ARRAY.size), item_shape=(28, 28), name="x")
    except InputError:
        return
    np.testing.assert_array_equal(found, ARRAY)  # gzip's checksum lets nothing else through


# CIFAR-10's pickles

IMAGES = np.random.default_rng(1).integers(256, size=(4, 3072), dtype=np.uint8)
LABELS = [3, 0, 9, 1]


def as_published(images: np.ndarray, labels: list[int], numpy: str = "numpy.core.multiarray") -> bytes:
    """A batch as Python 2 pickled the published ones: protocol 2, byte strings, in NumPy's old names."""

    def text(value: str) -> bytes:
        return b"U" + bytes([len(value)]) + value.encode()

    def integer(value: int) -> bytes:
        return b"J" + struct.pack("<i", value)

    rows, columns = images.shape
    dtype = (
        b"cnumpy\ndtype\nq\x05" + text("u1") + b"K\x00K\x01\x87R"  # dtype('u1', 0, 1)
        b"(K\x03" + text("|") + b"NNN" + integer(-1) + integer(-1) + b"K\x00tb"
    )
    array = (
        f"c{numpy}\n_reconstruct\n".encode() + b"cnumpy\nndarray\nK\x00\x85" + text("b") + b"\x87R"
        b"(K\x01" + integer(rows) + integer(columns) + b"\x86" + dtype + b"\x89"
        b"T" + struct.pack("<I", images.size) + images.tobytes() + b"tb"
    )
    return (
        b"\x80\x02}q\x01("
        + text("batch_label") + b"q\x02" + text("training batch 1 of 5")
        + text("labels") + b"]q\x03(" + b"".join(b"K" + bytes([label]) for label in labels) + b"e"
        + text("data") + array
        + text("filenames") + b"](" + b"".join(text(f"image_{i}.png") for i in range(len(labels))) + b"e"
        b"u."
    )  # fmt: skip


def batches() -> dict[str, bytes]:
    batch = {"batch_label": "batch 1", "labels": LABELS, "data": IMAGES}
    return {
        "as published": as_published(IMAGES, LABELS),
        "NumPy 2 names": as_published(IMAGES, LABELS, "numpy._core.multiarray"),
        "protocol 3": pickle.dumps(batch, protocol=3),
        "protocol 4": pickle.dumps(batch, protocol=4),
        "column by column": pickle.dumps(batch | {"data": np.asfortranarray(IMAGES)}, protocol=4),
    }


@pytest.mark.parametrize("name", batches())
def test_batch(tmp_path, name):
    content = batches()[name]
    assert pickle.loads(content, encoding="latin1")["labels"] == LABELS  # the fixture is a proper pickle
    np.testing.assert_array_equal(pickle.loads(content, encoding="latin1")["data"], IMAGES)
    (tmp_path / "batch").write_bytes(content)
    images, labels = read_batch(tmp_path / "batch", num_classes=10)
    np.testing.assert_array_equal(images, IMAGES.reshape(4, 3, 32, 32))
    assert images.flags.c_contiguous
    assert (labels.dtype, labels.tolist()) == (np.int64, LABELS)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**31), 2**31 - 1) | st.text() | st.binary(),
    lambda value: st.lists(value) | st.tuples(value, value) | st.dictionaries(st.text(), value) | st.just(()),
)


@given(VALUES, st.sampled_from([3, 4]))
def test_plain_values_as_pickle_reads_them(value, protocol):
    assert parse_pickle(pickle.dumps(value, protocol=protocol)) == value


class Runs:
    """Unpickled, it makes a file."""

    def __init__(self, function, *args) -> None:
        self.function, self.args = function, args

    def __reduce__(self):
        return self.function, self.args


@pytest.mark.parametrize("protocol", [0, 1, 2, 3, 4, 5])
@pytest.mark.parametrize("function", [os.system, eval, exec])
def test_malicious_pickle_runs_nothing(tmp_path, protocol, function):
    made = tmp_path / "made"
    order = f"touch {made}" if function is os.system else f"open({str(made)!r}, 'w').close()"
    path = tmp_path / "batch"
    path.write_bytes(pickle.dumps({"labels": LABELS, "data": Runs(function, order)}, protocol=protocol))
    with pytest.raises(InputError, match="no batch of images needs") as caught:
        read_batch(path, num_classes=10)
    assert_one_line(caught.value)
    assert not made.exists()
    pickle.loads(path.read_bytes())  # the same pickle does its work elsewhere
    assert made.exists()


DTYPE = b"cnumpy\ndtype\nU\x02u1\x85R"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b".",
        b"\x80\x02.",
        b"\x80\x02}",
        b"\x80\x04\x8c\x02os\x8c\x06system\x93.",
        b"\x80\x04]]\x93.",  # names that are lists
        b"cnumpy\nload\n.",
        b"cnumpy.core.multiarray\nfromstring\n.",
        b"}r\xff\xff\xff\xff.}",  # would make Python's own unpickler take 64 GiB for its memo
        b"\x8e\xff\xff\xff\xff\xff\xff\xff\x7f.",  # announces 2**63 - 1 bytes
        b"T\xff\xff\xff\x7f.",
        b"\x82\x01.",  # the extension registry
        b"Pname\n.",  # persistent id
        b"cnumpy\ndtype\n)\x81.",  # an instance
        b"}N\x85R.",  # calls a dictionary
        b"]K\x01b.",  # gives a list a state
        b"(K\x01K\x02K\x03u.",
        b"\x80\x05\x8c\x01a\x97.",
    ],
)
def test_pickle_that_is_none(tmp_path, content):
    path = tmp_path / "batch"
    path.write_bytes(content)
    with pytest.raises(InputError):
        read_batch(path, num_classes=10)


@pytest.mark.parametrize(
    ("state", "reason"),
    [
        (b"N", "no state"),
        (b"(K\x01K\x04\x85" + DTYPE + b"\x89U\x03abct", "a value is missing"),
        (b"(K\x01K\x04\x85" + DTYPE.replace(b"u1", b"O8") + b"\x89U\x04abcdt", "objects"),
        (b"(K\x01J\xff\xff\xff\x7fJ\xff\xff\xff\x7f\x86" + DTYPE + b"\x89U\x04abcdt", "a huge shape"),
        (b"(K\x01K\x04\x85" + DTYPE + b"\x89](K\x01K\x02K\x03K\x04et", "values in a list"),
        (b"(K\x01K\x04\x85" + DTYPE + b"\x89X\x02\x00\x00\x00\xc4\x80t", "a letter that is no byte"),
    ],
)
def test_array_that_is_none(state, reason):
    content = b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R" + state + b"b."
    with pytest.raises(PickleError, match="array of unsigned bytes"):
        array_of(parse_pickle(content))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"data": IMAGES[:, :3000]}, "shape"),
        ({"data": IMAGES[:3]}, "4 labels for 3 images"),
        ({"data": IMAGES[:0], "labels": []}, "shape"),
        ({"data": IMAGES.astype(np.float32)}, "unsigned bytes"),
        ({"data": IMAGES.tolist()}, "unsigned bytes"),
        ({"labels": [0, 1, 2, 10]}, "labels 0 to 10"),
        ({"labels": [0, 1, 2, -1]}, "labels -1 to 2"),
        ({"labels": [0, 1, 2, "3"]}, "whole numbers"),
        ({"labels": None}, "whole numbers"),
    ],
)
def test_batch_with_wrong_contents(tmp_path, change, message):
    path = tmp_path / "batch"
    path.write_bytes(pickle.dumps({"labels": LABELS, "data": IMAGES} | change, protocol=4))
    with pytest.raises(InputError, match=message):
        read_batch(path, num_classes=10)


@fuzz
@given(st.one_of([damage(content) for content in batches().values()]))
def test_damaged_batch(tmp_path, content):
    path = tmp_path / "batch"
    path.write_bytes(content)
    try:
        images, labels = read_batch(path, num_classes=10)
    except InputError as error:
        assert_one_line(error)
    else:  # the format has no checksum of its own: a pixel may have changed
        assert images.dtype == np.uint8
        assert images.shape == (len(labels), 3, 32, 32)
        assert set(labels) <= set(range(10))


# tar


def tar_gz(path: Path, *members: tuple[tarfile.TarInfo | str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for info, content in members:
            if isinstance(info, str):
                info = tarfile.TarInfo(info)
                info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return path


def folder(name: str) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.type = tarfile.DIRTYPE
    return info, b""


def link(name: str, target: str) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = tarfile.SYMTYPE, target
    return info, b""


def unpack_into(tmp_path: Path, archive: Path) -> dict[str, bytes]:
    target = tmp_path / "data" / "set"
    unpack(archive, target, ["a", "b"], beside=["a", "b", "readme.html"], max_file_bytes=100_000)
    return {path.name: path.read_bytes() for path in target.iterdir()}


def test_tar(tmp_path):
    archive = tar_gz(tmp_path / "x.tar.gz", folder("set"), ("set/readme.html", b"r"), ("set/b", b"2"), ("set/a", b"1"))
    assert unpack_into(tmp_path, archive) == {"a": b"1", "b": b"2"}


@pytest.mark.parametrize(
    "members",
    [
        [("../evil", b"x")],
        [("/tmp/evil", b"x")],
        [("set/../../evil", b"x")],
        [("set/other", b"x")],
        [("set/a", b"x"), ("set/a", b"y")],
        [link("set/a", "/etc/passwd")],
        [link("set", "/tmp"), ("set/a", b"x")],
        [("set/a", bytes(100_001))],
        [("set/a", bytes(100_000)), ("set/b", bytes(100_000)), ("set/readme.html", bytes(100_000))],
        [("set/a", b"x")],
        [],
    ],
)
def test_tar_with_more_or_less_than_belongs_in_it(tmp_path, members):
    archive = tar_gz(tmp_path / "x.tar.gz", *members)
    with pytest.raises(InputError) as caught:
        unpack_into(tmp_path, archive)
    assert_one_line(caught.value)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["x.tar.gz"]


def test_sparse_member_that_claims_a_terabyte(tmp_path):
    info = tarfile.TarInfo("set/a")
    info.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": str(2**40)}
    sparse_map = b"0\n".ljust(512, b"\0")
    info.size = len(sparse_map)
    archive = tar_gz(tmp_path / "x.tar.gz", (info, sparse_map), ("set/b", b""))
    with pytest.raises(InputError, match="set/a"):
        unpack_into(tmp_path, archive)


def test_archive_that_cannot_be_unpacked_there(tmp_path):
    archive = tar_gz(tmp_path / "x.tar.gz", ("set/a", b"1"), ("set/b", b"2"))
    (tmp_path / "data").write_text("a file")
    with pytest.raises(InputError, match=r"cannot write .*Not a directory.*data_dir"):
        unpack_into(tmp_path, archive)


def test_full_disk_leaves_no_half_file(tmp_path, monkeypatch):
    def full(self, content):
        self.touch()
        raise OSError(28, "No space left on device")

    archive = tar_gz(tmp_path / "x.tar.gz", ("set/a", b"1"), ("set/b", b"2"))
    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(InputError, match="No space left on device"):
        unpack_into(tmp_path, archive)
    assert os.listdir(tmp_path / "data" / "set") == []


def small_tar() -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as tar:
        for name in ("set/a", "set/b"):
            info = tarfile.TarInfo(name)
            info.size = 600
            tar.addfile(info, io.BytesIO(name.encode() * 120))
    return file.getvalue()[:4096]


@fuzz
@given(damage(small_tar()))
def test_damaged_tar(tmp_path, content):
    archive = tmp_path / "x.tar.gz"
    archive.write_bytes(gzip.compress(content, compresslevel=0))
    try:
        found = unpack_into(tmp_path, archive)
    except InputError as error:
        assert_one_line(error)
    else:
        assert set(found) == {"a", "b"}
    assert {path.name for path in tmp_path.rglob("*")} <= {"x.tar.gz", "data", "set", "a", "b"}


# npz


def splits() -> dict[str, np.ndarray]:
    random = np.random.default_rng(2)
    sizes = {"train": 6, "val": 4, "test": 4}
    images = {f"{s}_images": random.integers(256, size=(n, 28, 28), dtype=np.uint8) for s, n in sizes.items()}
    return images | {f"{s}_labels": (np.arange(n) % 4).astype(np.uint8)[:, None] for s, n in sizes.items()}


def npz(**arrays: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_npz(tmp_path, save):
    published = splits()
    save(tmp_path / "octmnist.npz", **published)
    found = read_npz(tmp_path / "octmnist.npz", num_classes=4)
    assert list(found) == ["train", "val", "test"]
    for split, (images, labels) in found.items():
        np.testing.assert_array_equal(images[:, 0], published[f"{split}_images"])
        np.testing.assert_array_equal(labels, published[f"{split}_labels"][:, 0])
        assert (images.dtype, labels.dtype) == (np.uint8, np.int64)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"val_images": np.zeros((4, 28, 28), np.float32)}, "float32, not .* uint8"),
        ({"val_images": np.zeros((4, 28, 28), bool)}, "bool, not .* uint8"),
        ({"val_images": np.zeros((4, 64, 64), np.uint8)}, r"\(4, 64, 64\) uint8, not"),
        ({"val_images": np.zeros((4, 28, 28, 3), np.uint8)}, r"\(4, 28, 28, 3\) uint8, not"),
        ({"val_images": np.zeros((0, 28, 28), np.uint8)}, r"\(0, 28, 28\) uint8, not"),
        ({"val_labels": np.zeros((4,), np.uint8)}, r"\(4,\) uint8, not \(N, 1\)"),
        ({"val_labels": np.zeros((4, 2), np.uint8)}, r"\(4, 2\) uint8, not \(N, 1\)"),
        ({"val_labels": np.zeros((4, 1), np.float64)}, r"float64, not \(N, 1\) integers"),
        ({"val_labels": np.zeros((3, 1), np.uint8)}, "3 labels for 4 images"),
        ({"val_labels": np.full((4, 1), 4)}, "labels 4 to 4, not 0 to 3"),
        ({"val_labels": np.full((4, 1), -1)}, "labels -1 to -1, not 0 to 3"),
        ({"val_labels": np.array([[Runs(os.system, "true")]] * 4)}, "val_labels"),
        ({"test_images": np.zeros((1_500, 28, 28), np.uint8)}, "at most 784,000 belong"),
    ],
)
def test_npz_with_wrong_contents(tmp_path, change, message):
    path = tmp_path / "octmnist.npz"
    np.savez(path, **(splits() | change))
    with pytest.raises(InputError, match=message) as caught:
        read_npz(path, num_classes=4)
    assert_one_line(caught.value)


def test_npz_lacking_an_array(tmp_path):
    path = tmp_path / "octmnist.npz"
    path.write_bytes(npz(train_images=splits()["train_images"]))
    with pytest.raises(InputError, match="no train_labels"):
        read_npz(path, num_classes=4)


def test_npz_whose_header_claims_a_huge_array(tmp_path):
    path, header = tmp_path / "octmnist.npz", io.BytesIO()
    claim = {"descr": "|u1", "fortran_order": False, "shape": (2**40, 28, 28)}
    np.lib.format.write_array_header_1_0(header, claim)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("train_images.npy", header.getvalue())
    with pytest.raises(InputError, match="truncated or damaged"):
        read_npz(path, num_classes=4)


@fuzz
@given(damage(npz(**splits())))
def test_damaged_npz(tmp_path, content):
    path = tmp_path / "octmnist.npz"
    path.write_bytes(content)
    try:
        found = read_npz(path, num_classes=4)
    except InputError as error:
        assert_one_line(error)
    else:  # zip's checksum lets nothing else through
        for split, (images, labels) in found.items():
            np.testing.assert_array_equal(images[:, 0], splits()[f"{split}_images"])
            np.testing.assert_array_equal(labels, splits()[f"{split}_labels"][:, 0])
