"""VGG against torchvision."""

import pytest
import torch
import torchvision

from dlexp.errors import InputError
from dlexp.models.vision.vgg import VGG


def vgg(depth=16, batch_norm=False, image_shape=(3, 224, 224), num_classes=1000, form="imagenet") -> VGG:
    return VGG(
        image_shape=image_shape,
        num_classes=num_classes,
        form=form,
        depth=depth,
        batch_norm=batch_norm,
        dropout=0.5,
    )


@pytest.mark.parametrize(
    ("depth", "batch_norm", "parameters"),
    [
        (11, False, 132_863_336),
        (11, True, 132_868_840),
        (13, False, 133_047_848),
        (13, True, 133_053_736),
        (16, False, 138_357_544),
        (16, True, 138_365_992),
        (19, False, 143_667_240),
        (19, True, 143_678_248),
    ],
)
def test_published_size(depth, batch_norm, parameters, count_parameters):
    with torch.device("meta"):
        assert count_parameters(vgg(depth, batch_norm)) == parameters


@pytest.mark.parametrize(("depth", "plan"), [(11, "A"), (13, "B"), (16, "D"), (19, "E")])
@pytest.mark.parametrize("batch_norm", [False, True])
def test_convolutions_equal_torchvision(depth, plan, batch_norm, copy_weights):
    reference = torchvision.models.vgg.make_layers(torchvision.models.vgg.cfgs[plan], batch_norm)
    model = vgg(depth, batch_norm, form="small").features
    copy_weights(reference, model)
    images = torch.randn(2, 3, 32, 32)
    with torch.inference_mode():
        torch.testing.assert_close(model(images), reference(images), atol=1e-4, rtol=1e-4)


def test_equals_torchvision(copy_weights):
    reference = torchvision.models.vgg11(num_classes=10, init_weights=False).eval()
    with torch.device("meta"):
        model = vgg(11, num_classes=10).eval()
    copy_weights(reference, model)
    images = torch.randn(1, 3, 224, 224)
    with torch.inference_mode():
        torch.testing.assert_close(model(images), reference(images), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("side", [28, 32])
def test_five_halvings_fit_small_images(side, feature_shape):
    model = vgg(11, image_shape=(1, side, side), form="small")
    assert feature_shape(model, (1, side, side)) == (512, 1, 1)


def test_bad_input():
    with pytest.raises(InputError, match=r"model\.depth=12 .* 11, 13, 16, 19"):
        vgg(12)
    with pytest.raises(InputError, match=r"model\.form=tiny "):
        vgg(form="tiny")
