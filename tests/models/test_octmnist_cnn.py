"""The OCTMNIST CNN and its strided twin: the same weights at the same resolutions."""

import pytest
import torch

from dlexp.errors import InputError
from dlexp.models.vision.octmnist_cnn import OCTMNISTCNN


def cnn(side=28, downsample="pool") -> OCTMNISTCNN:
    return OCTMNISTCNN(
        image_shape=(1, side, side),
        num_classes=4,
        widths=[8, 16, 32],
        downsample=downsample,
        dropout=0.25,
        hidden=64,
        classifier_dropout=0.5,
    )


@pytest.mark.parametrize(("side", "grid"), [(28, 4), (32, 4), (30, 4), (64, 8)])
def test_the_twins_resolutions_are_equal(side, grid, feature_shape):
    assert feature_shape(cnn(side, "pool"), (1, side, side)) == (32, grid, grid)
    assert feature_shape(cnn(side, "stride"), (1, side, side)) == (32, grid, grid)


def test_the_strided_twin_is_the_pooled_one_that_keeps_every_second_position(copy_weights):
    pooled, strided = cnn(32, "pool").eval(), cnn(32, "stride").eval()
    copy_weights(pooled, strided)
    x = torch.randn(2, 1, 32, 32)
    expected = x
    for layer in pooled.features:
        expected = expected[..., ::2, ::2] if isinstance(layer, torch.nn.MaxPool2d) else layer(expected)
    torch.testing.assert_close(strided.features(x), expected)


def test_unknown_downsampling():
    with pytest.raises(InputError, match=r"model\.downsample=average .* pool, stride"):
        cnn(downsample="average")
