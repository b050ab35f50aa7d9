"""Xception against timm."""

import pytest
import torch

from dlexp.errors import InputError
from dlexp.models.vision.xception import Xception


def xception(image_shape=(3, 299, 299), num_classes=1000, form="imagenet") -> Xception:
    return Xception(image_shape=image_shape, num_classes=num_classes, form=form, dropout=0.5)


def test_published_size(count_parameters):
    with torch.device("meta"):
        assert count_parameters(xception()) == 22_855_952


def test_equals_timm(copy_weights):
    timm = pytest.importorskip("timm")
    reference = timm.create_model("legacy_xception", num_classes=10).double().eval()
    model = xception(num_classes=10).double().eval()
    copy_weights(reference, model)
    images = torch.randn(1, 3, 96, 96, dtype=torch.float64)
    with torch.inference_mode():
        torch.testing.assert_close(model(images), reference(images))


@pytest.mark.parametrize("side", [28, 32])
def test_small_form_divides_the_resolution_by_8(side):
    with torch.device("meta"):
        model = xception((1, side, side), form="small").eval()
        features = model.exit(model.middle(model.entry(torch.empty(1, 1, side, side))))
    assert features.shape == (1, 2048, 4, 4)


def test_unknown_form():
    with pytest.raises(InputError, match=r"model\.form=tiny "):
        xception(form="tiny")
