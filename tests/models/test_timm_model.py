"""timm's networks come in by name, and what cannot come in says why."""

import sys

import pytest
import torch

from dlexp.errors import InputError
from dlexp.models.vision.timm_model import TimmModel


def build(name: str, image_shape=(1, 28, 28)) -> TimmModel:
    return TimmModel(image_shape=image_shape, num_classes=10, name=name)


@pytest.mark.parametrize("name", ["resnet18", "vit_tiny_patch16_224"])
def test_takes_the_image_as_it_is(name):
    pytest.importorskip("timm")
    model = build(name, (1, 32, 32))
    assert model.training
    assert model(torch.randn(2, 1, 32, 32)).shape == (2, 10)


def test_unknown_name():
    pytest.importorskip("timm")
    with pytest.raises(InputError, match=r"no model named ResNet_18.*model\.name=resnet18"):
        build("ResNet_18")


def test_network_that_cannot_take_the_image():
    pytest.importorskip("timm")
    with pytest.raises(InputError, match=r"^timm's inception_v3 cannot take images of 1x28x28.*$"):
        build("inception_v3")


def test_timm_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "timm", None)  # makes the import fail
    with pytest.raises(InputError, match=r"pip install 'dlexp\[timm\]'"):
        build("resnet18")
