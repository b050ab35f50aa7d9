"""The linear model is one affine map of the pixels."""

import torch

from dlexp.models.vision.linear_classifier import LinearClassifier


def test_is_an_affine_map_of_the_pixels():
    model = LinearClassifier(input_shape=(3, 4, 5), num_classes=10)
    images = torch.randn(2, 3, 4, 5)
    expected = torch.einsum("bchw,kchw->bk", images, model.classifier.weight.view(10, 3, 4, 5))
    torch.testing.assert_close(model(images), expected + model.classifier.bias)
