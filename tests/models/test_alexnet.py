"""AlexNet against torchvision."""

import pytest
import torch
import torchvision

from dlexp.errors import InputError
from dlexp.models.vision.alexnet import AlexNet


def alexnet(image_shape=(3, 224, 224), num_classes=1000, form="imagenet") -> AlexNet:
    return AlexNet(image_shape=image_shape, num_classes=num_classes, form=form, dropout=0.5)


def test_published_size(count_parameters):
    with torch.device("meta"):
        assert count_parameters(alexnet()) == 61_100_840


@pytest.mark.parametrize("side", [63, 224])
def test_equals_torchvision(side, copy_weights):
    reference = torchvision.models.alexnet(num_classes=10).eval()
    model = alexnet((3, side, side), num_classes=10).eval()
    copy_weights(reference, model)
    images = torch.randn(1, 3, side, side)
    with torch.inference_mode():
        torch.testing.assert_close(model(images), reference(images), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("side", [28, 32])
def test_small_form_ends_at_4x4(side, feature_shape):
    assert feature_shape(alexnet((1, side, side), form="small"), (1, side, side)) == (256, 4, 4)


def test_bad_input():
    with pytest.raises(InputError, match=r"63 pixels.*28x28.*model\.form=small"):
        alexnet((1, 28, 28))
    with pytest.raises(InputError, match=r"model\.form=tiny .* small, imagenet"):
        alexnet(form="tiny")
