"""LeNet-5 against the paper's sizes and its layers written out."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from dlexp.errors import InputError
from dlexp.models.vision.lenet import LeNet5


def lenet(image_shape=(1, 28, 28), activation="tanh", pooling="average") -> LeNet5:
    return LeNet5(image_shape=image_shape, num_classes=10, activation=activation, pooling=pooling)


@pytest.mark.parametrize("side", [28, 32])
def test_published_size(side, count_parameters, feature_shape):
    model = lenet((1, side, side))
    assert count_parameters(model) == 61_706
    assert feature_shape(model, (1, side, side)) == (120, 1, 1)


def test_a_border_makes_28_pixels_32():
    small, large = lenet((1, 28, 28)), lenet((1, 32, 32))
    large.load_state_dict(small.state_dict())
    images = torch.randn(2, 1, 28, 28)
    torch.testing.assert_close(small(images), large(F.pad(images, (2, 2, 2, 2))))


def test_equals_its_layers_written_out(copy_weights):
    model = lenet((3, 32, 32), activation="relu", pooling="max")
    c1, c3, c5 = nn.Conv2d(3, 6, 5), nn.Conv2d(6, 16, 5), nn.Linear(400, 120)
    f6, output = nn.Linear(120, 84), nn.Linear(84, 10)
    state = nn.ModuleList([c1, c3, nn.Conv2d(16, 120, 5), f6, output])
    copy_weights(model, state)
    c5.load_state_dict({"weight": state[2].weight.flatten(1), "bias": state[2].bias})

    images = torch.randn(2, 3, 32, 32)
    x = F.max_pool2d(c1(images).relu(), 2)
    x = F.max_pool2d(c3(x).relu(), 2).flatten(1)
    x = output(f6(c5(x).relu()).relu())
    torch.testing.assert_close(model(images), x)


def test_bad_input():
    with pytest.raises(InputError, match="not 64x64"):
        lenet((3, 64, 64))
    with pytest.raises(InputError, match="not 27x28"):
        lenet((1, 27, 28))
    with pytest.raises(InputError, match=r"model\.activation=sin "):
        lenet(activation="sin")
    with pytest.raises(InputError, match=r"model\.pooling=mean .* average, max"):
        lenet(pooling="mean")
