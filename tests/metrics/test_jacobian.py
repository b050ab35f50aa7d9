"""The Jacobian's norm against torch.autograd.functional.jacobian, image by image."""

import pytest
import torch
from torch.autograd.functional import jacobian

from dlexp.metrics.jacobian import squared_norms
from dlexp.models.generative.autoencoder import ConvolutionalAutoencoder, DenseAutoencoder

STYLE = {"image_shape": [2, 8, 8], "latent_size": 5, "activation": "gelu", "code_activation": "tanh", "output": "none"}


@pytest.mark.parametrize(
    "make",
    [
        lambda: DenseAutoencoder(**STYLE, hidden_sizes=[7, 6], dropout=0.0),
        lambda: ConvolutionalAutoencoder(**STYLE, width=3),
    ],
    ids=["dense", "convolutional"],
)
def test_norm_of_each_image(make):
    torch.manual_seed(0)
    model = make()
    x = torch.rand(4, 2, 8, 8)
    expected = [jacobian(lambda image: model.encode(image[None])[0], one).square().sum().item() for one in x]
    with torch.inference_mode():
        norms = squared_norms(model.encode, x + 0)  # as in a test: a tensor that was made without gradients
    assert norms.tolist() == pytest.approx(expected, rel=1e-4)
    assert min(expected) > 0
    assert not norms.requires_grad
    assert all(p.grad is None for p in model.parameters())


def test_constant_codes():
    assert squared_norms(lambda x: 0 * x.flatten(1), torch.rand(3, 1, 2, 2)).tolist() == [0, 0, 0]
