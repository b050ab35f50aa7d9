"""GoogLeNet against torchvision, its auxiliary heads included."""

import pytest
import torch
import torchvision

from dlexp.errors import InputError
from dlexp.models.vision.googlenet import GoogLeNet


def googlenet(image_shape=(3, 224, 224), num_classes=1000, form="imagenet", aux_heads=False) -> GoogLeNet:
    return GoogLeNet(
        image_shape=image_shape,
        num_classes=num_classes,
        form=form,
        dropout=0.0,
        aux_heads=aux_heads,
        aux_dropout=0.0,
    )


@pytest.mark.parametrize(("aux_heads", "parameters"), [(False, 6_624_904), (True, 13_004_888)])
def test_published_size(aux_heads, parameters, count_parameters):
    with torch.device("meta"):
        assert count_parameters(googlenet(aux_heads=aux_heads)) == parameters


def test_equals_torchvision(copy_weights):
    reference = torchvision.models.googlenet(num_classes=10, init_weights=False, dropout=0.0, dropout_aux=0.0).double()
    model = googlenet(num_classes=10, aux_heads=True).double()
    copy_weights(reference, model)
    images = torch.randn(2, 3, 64, 64, dtype=torch.float64)
    with torch.no_grad():
        expected = reference(images)
        logits, aux1, aux2 = model(images)
        torch.testing.assert_close(logits, expected.logits)
        torch.testing.assert_close(aux1, expected.aux_logits1)
        torch.testing.assert_close(aux2, expected.aux_logits2)
        torch.testing.assert_close(model.eval()(images), reference.eval()(images))


@pytest.mark.parametrize("side", [28, 32])
def test_small_form_has_auxiliary_heads_too(side):
    model = googlenet((1, side, side), num_classes=10, form="small", aux_heads=True)
    outputs = model(torch.randn(2, 1, side, side))
    assert [output.shape for output in outputs] == [(2, 10)] * 3
    sum(output.square().sum() for output in outputs).backward()
    assert all(weight.grad.isfinite().all() for weight in model.parameters())


def test_unknown_form():
    with pytest.raises(InputError, match=r"model\.form=tiny "):
        googlenet(form="tiny")
