"""Which weights are shown, under which names."""

from types import SimpleNamespace

import pytest
import torch

from dlexp.callbacks.weight_images import WeightImages


@pytest.fixture
def drawn(monkeypatch) -> dict:
    call: dict = {}
    monkeypatch.setattr(
        "dlexp.reporting.weight_images.weight_images", lambda images, **rest: call.update(rest, images=images)
    )
    monkeypatch.setattr("dlexp.callbacks.weight_images.keep_figure", lambda *args: call.update(name=args[2]))
    return call


def show(images: torch.Tensor | None, *, named: bool, most: int = 40, **trainer) -> None:
    model = SimpleNamespace(**({} if images is None else {"weight_images": lambda: images}))
    data = SimpleNamespace(classes=("a", "b", "c"))
    stub = SimpleNamespace(**({"is_global_zero": True, "fast_dev_run": False, "datamodule": data} | trainer))
    WeightImages(folder="unused", named=named, most=most).on_test_end(stub, SimpleNamespace(model=model))


def test_classes_come_in_their_order_with_their_names(drawn):
    images = torch.tensor([1.0, 3.0, 2.0]).reshape(3, 1, 1, 1).expand(3, 1, 2, 2)
    show(images, named=True)
    assert (drawn["images"] == images.numpy()).all()
    assert drawn["names"] == ["a", "b", "c"]
    assert drawn["name"] == "weights"


def test_one_image_of_two_classes_is_that_of_the_second(drawn):
    show(torch.ones(1, 1, 2, 2), named=True)
    assert drawn["names"] == ["c"]  # the last of them


def test_of_many_units_those_with_the_largest_weights_come_first(drawn):
    images = torch.tensor([1.0, -5.0, 2.0, 0.0]).reshape(4, 1, 1, 1).expand(4, 1, 2, 2)
    show(images, named=False, most=2)
    assert drawn["images"][:, 0, 0, 0].tolist() == [-5.0, 2.0]
    assert drawn["names"] is None
    assert "2 largest of 4" in drawn["heading"]


@pytest.mark.parametrize("trainer", [{"fast_dev_run": True}, {"is_global_zero": False}])
def test_nothing_is_drawn_of_a_trial_or_by_another_rank(drawn, trainer):
    show(torch.ones(3, 1, 2, 2), named=True, **trainer)
    assert drawn == {}


@pytest.mark.parametrize("images", [None, torch.ones(3, 2)], ids=["a network without", "points in the plane"])
def test_nothing_is_drawn_of_what_is_no_image(drawn, images):
    show(images, named=True)
    assert drawn == {}
