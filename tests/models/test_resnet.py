"""ResNet against torchvision."""

import pytest
import torch
import torchvision

from dlexp.errors import InputError
from dlexp.models.vision.resnet import ResNet


def resnet(depth=18, image_shape=(3, 224, 224), num_classes=1000, form="imagenet") -> ResNet:
    return ResNet(image_shape=image_shape, num_classes=num_classes, form=form, depth=depth)


@pytest.mark.parametrize(("depth", "parameters"), [(18, 11_689_512), (34, 21_797_672), (50, 25_557_032)])
def test_published_size(depth, parameters, count_parameters):
    with torch.device("meta"):
        assert count_parameters(resnet(depth)) == parameters


@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("depth", [18, 34, 50])
def test_equals_torchvision(depth, training, copy_weights):
    reference = getattr(torchvision.models, f"resnet{depth}")(num_classes=10).double().train(training)
    model = resnet(depth, num_classes=10).double().train(training)
    copy_weights(reference, model)
    images = torch.randn(2, 3, 64, 64, dtype=torch.float64)
    with torch.no_grad():
        torch.testing.assert_close(model(images), reference(images))


@pytest.mark.parametrize(("side", "grid"), [(28, 4), (32, 4), (64, 8)])
def test_small_form_divides_the_resolution_by_8(side, grid, feature_shape):
    assert feature_shape(resnet(form="small"), (3, side, side)) == (512, grid, grid)


def test_bad_input():
    with pytest.raises(InputError, match=r"model\.depth=20 .* 18, 34, 50"):
        resnet(20)
    with pytest.raises(InputError, match=r"model\.form=tiny "):
        resnet(form="tiny")
