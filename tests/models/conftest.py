"""What the tests of the models share."""

import pytest
import torch
from torch import nn


@pytest.fixture(autouse=True)
def seed():
    torch.manual_seed(0)


@pytest.fixture
def copy_weights():
    """Hand one network's weights and buffers to another that defines the same ones in the same order."""

    def copy(source: nn.Module, target: nn.Module) -> None:
        weights = list(source.state_dict().values())
        places = target.state_dict()
        assert [tensor.shape for tensor in weights] == [tensor.shape for tensor in places.values()]
        target.load_state_dict(dict(zip(places, weights, strict=True)), assign=True)

    return copy


@pytest.fixture
def count_parameters():
    def count(network: nn.Module) -> int:
        return sum(weight.numel() for weight in network.parameters() if weight.requires_grad)

    return count


@pytest.fixture
def feature_shape():
    """The shape (C, H, W) of `network.features` for one image; both may live on the meta device."""

    def shape(network: nn.Module, image_shape: tuple[int, int, int]) -> tuple[int, ...]:
        device = next(network.parameters()).device
        return tuple(network.eval().features(torch.zeros(1, *image_shape, device=device)).shape[1:])

    return shape
