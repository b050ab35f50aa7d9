from typing import Any, ClassVar

import numpy as np
import pytest
import torch

from dlexp.data.image_data import Arrays, ImageData
from dlexp.errors import InputError

ARGUMENTS = {
    "folder": "~/somewhere",
    "verify": True,
    "input_shape": (1, 4, 6),
    "num_classes": 3,
    "mean": (0.5,),
    "std": (0.25,),
    "batch_size": 16,
    "eval_batch_size": 32,
    "validation": 20,
    "limit": None,
    "leave_out": None,
    "augment": {"shift": 1, "flip": "none", "cutout": 0, "erase": 0.0},
    "seed": 0,
}


class Stripes(ImageData):
    """100 images to train with, of which 60 are of class 0, 30 of class 1 and 10 of class 2; 40 to test."""

    classes: ClassVar[tuple[str, ...]] = ("a", "b", "c")
    reads = 0
    downloads = 0

    def download(self) -> None:
        self.downloads += 1

    def read(self) -> dict[str, Arrays]:
        self.reads += 1
        train, test = np.repeat([0, 1, 2], [60, 30, 10]), np.arange(40) % 3
        return {"train": (self.draw(train, 0), train), "test": (self.draw(test, 1), test)}

    def draw(self, labels: np.ndarray, seed: int) -> np.ndarray:
        return np.random.default_rng(seed).integers(0, 256, (len(labels), 1, 4, 6), dtype=np.uint8)


class OfficialValidation(Stripes):
    def read(self) -> dict[str, Arrays]:
        arrays = super().read()
        return arrays | {"val": arrays["test"]}


def make(kind: type[Stripes] = Stripes, **changes: Any) -> Stripes:
    return kind(**(ARGUMENTS | changes))


def ready(kind: type[Stripes] = Stripes, **changes: Any) -> Stripes:
    data = make(kind, **changes)
    data.prepare_data()
    data.setup("fit")
    return data


def counts(data: ImageData, split: str) -> list[int]:
    return torch.bincount(data.labels(split), minlength=3).tolist()


def rows(images: torch.Tensor) -> set[bytes]:
    return {image.numpy().tobytes() for image in images}


def test_downloads_and_reads_once() -> None:
    data = make()
    assert data.downloads == data.reads == 0
    data.prepare_data()
    data.setup("fit")
    images = data.images("train")
    data.setup("test")
    assert (data.downloads, data.reads) == (1, 1)
    assert data.images("train") is images
    assert data.folder.is_absolute()


def test_validation_is_split_off_stratified() -> None:
    data = ready()
    assert counts(data, "val") == [12, 6, 2]
    assert counts(data, "train") == [48, 24, 8]
    assert counts(data, "test") == [14, 13, 13]
    train, val = rows(data.images("train")), rows(data.images("val"))
    assert not train & val
    assert train | val == rows(torch.from_numpy(data.read()["train"][0]))
    assert data.images("val").dtype == torch.uint8
    assert data.labels("val").dtype == torch.int64


def test_splits_do_not_depend_on_the_seed() -> None:
    first, second = ready(limit=50), ready(limit=50, seed=1)
    for split in ("train", "val", "test"):
        assert torch.equal(first.images(split), second.images(split))
        assert torch.equal(first.labels(split), second.labels(split))


def test_a_class_left_out_is_in_the_test_split_alone() -> None:
    whole, data = ready(), ready(leave_out=1)
    assert data.labels("train").unique().tolist() == data.labels("val").unique().tolist() == [0, 2]
    torch.testing.assert_close(data.images("test"), whole.images("test"))
    kept = whole.labels("val") != 1
    torch.testing.assert_close(data.images("val"), whole.images("val")[kept])
    assert ready(leave_out=1, limit=20).labels("train").unique().tolist() == [0, 2]


def test_limit_keeps_the_shares_and_the_validation_split() -> None:
    data = ready(limit=40)
    assert counts(data, "train") == [24, 12, 4]
    assert torch.equal(data.images("val"), ready().images("val"))
    assert rows(data.images("train")) < rows(ready().images("train"))


@pytest.mark.parametrize("validation", [0, None])
def test_no_validation(validation: int | None) -> None:
    data = ready(validation=validation)
    assert len(data.labels("train")) == 100
    assert data.val_dataloader() == []


def test_official_validation() -> None:
    data = ready(OfficialValidation, validation=None)
    assert counts(data, "val") == counts(data, "test")
    with pytest.raises(InputError, match=r"set data\.validation=null"):
        ready(OfficialValidation)


def test_batches() -> None:
    data = ready()
    images, labels = next(iter(data.train_dataloader()))
    assert images.shape == (16, 1, 4, 6)
    assert labels.shape == (16,)
    assert [len(y) for _, y in data.val_dataloader()] == [20]
    (first, first_labels), (second, _) = data.test_dataloader()
    assert (len(first), len(second)) == (20, 20)  # 40 in batches of at most 32
    pixels = data.images("test")[:20].double()
    torch.testing.assert_close(first, ((pixels / 255 - 0.5) / 0.25).float(), rtol=1e-5, atol=1e-6)
    assert torch.equal(first_labels, data.labels("test")[:20])


def test_order_follows_the_seed() -> None:
    orders = [torch.cat([y for _, y in ready(seed=seed).train_dataloader()]) for seed in (0, 0, 1)]
    assert torch.equal(orders[0], orders[1])
    assert not torch.equal(orders[0], orders[2])


def test_read_only_arrays_are_taken_without_a_warning(recwarn: pytest.WarningsRecorder) -> None:
    class ReadOnly(Stripes):
        def read(self) -> dict[str, Arrays]:
            arrays = super().read()
            for pair in arrays.values():
                for array in pair:
                    array.flags.writeable = False
            return arrays

    ready(ReadOnly, validation=None)
    assert not [w for w in recwarn if "writable" in str(w.message)]


def test_preprocessing_is_of_plain_types() -> None:
    preprocessing = make().preprocessing
    assert preprocessing == {"image_shape": [1, 4, 6], "mean": [0.5], "std": [0.25]}
    assert all(type(value) is list for value in preprocessing.values())


def test_a_batch_on_the_device_is_not_touched() -> None:
    data = make()
    batch = torch.zeros(2, 1, 4, 6), torch.zeros(2, dtype=torch.int64)
    assert data.transfer_batch_to_device(batch, torch.device("cpu"), 0) is batch
    moved = data.transfer_batch_to_device(batch, torch.device("meta"), 0)
    assert [part.device.type for part in moved] == ["meta", "meta"]


def test_the_base_is_abstract() -> None:
    with pytest.raises(TypeError, match="abstract"):
        ImageData(**ARGUMENTS)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"batch_size": 0}, r"data\.batch_size=0"),
        ({"batch_size": 1.5}, r"data\.batch_size=1\.5"),
        ({"eval_batch_size": -1}, r"data\.eval_batch_size=-1"),
        ({"validation": -1}, r"data\.validation=-1"),
        ({"limit": 0}, r"data\.limit=0"),
        ({"limit": "few"}, r"data\.limit=few"),
        ({"leave_out": 3}, r"data\.leave_out=3: give a class, 0 to 2"),
        ({"leave_out": "b"}, r"data\.leave_out=b: give a class"),
        ({"leave_out": True}, r"data\.leave_out=True: give a class"),
        ({"seed": -1}, r"^seed=-1"),
        ({"input_shape": [4, 6]}, r"data\.input_shape=\[4, 6\]"),
        ({"mean": [0.5, 0.5, 0.5]}, r"data\.mean=.* each of the 1 channels"),
        ({"std": []}, r"data\.std=.* each of the 1 channels"),
        ({"std": [0.0]}, r"data\.std=\[0\.0\]"),
        ({"num_classes": 10}, r"data\.num_classes=10, but the set has 3"),
        ({"augment": ARGUMENTS["augment"] | {"flip": "up"}}, r"data\.augment\.flip=up: choose from"),
        ({"augment": ARGUMENTS["augment"] | {"shift": 4}}, r"data\.augment\.shift=4: .* 0 to 3"),
    ],
)
def test_wrong_arguments(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        make(**change)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"validation": 100}, r"data\.validation=100 leaves none of 100"),
        ({"validation": 2}, r"data\.validation: .* choose from 3 to 100"),
        ({"limit": 2}, r"data\.limit: .* choose from 3 to 80"),
        ({"limit": 81}, r"data\.limit: .* choose from 3 to 80"),
        (
            {"input_shape": [3, 4, 6], "mean": [0, 0, 0], "std": [1, 1, 1]},
            r"the images read are \[1,4,6\] uint8: set data\.input_shape=\[1,4,6\]",
        ),
    ],
)
def test_arguments_that_do_not_fit_what_is_read(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        ready(**change)
    assert "\n" not in str(caught.value)


def test_labels_that_are_no_classes() -> None:
    class FromOne(Stripes):
        def read(self) -> dict[str, Arrays]:
            return {name: (images, labels + 1) for name, (images, labels) in super().read().items()}

    with pytest.raises(InputError, match="labels read are 1 to 3, not 0 to 2"):
        ready(FromOne)
