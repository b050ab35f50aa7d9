"""GANs: what goes in and out of both players, what they are told, and what normalises the discriminator."""

import pytest
import torch
from torch import nn

from dlexp.errors import InputError
from dlexp.models.generative.beside import beside
from dlexp.models.generative.dcgan import DCGAN
from dlexp.models.generative.gan import GAN

SHAPES = [(1, 28, 28), (3, 32, 32)]


def dense(**changes) -> GAN:
    options = {"image_shape": (1, 28, 28), "num_classes": 0, "latent_size": 6, "hidden_sizes": [16, 24]}
    return GAN(**(options | {"discriminator_norm": "none", "dropout": 0.3} | changes))


def convolutional(**changes) -> DCGAN:
    options = {"image_shape": (1, 28, 28), "num_classes": 0, "latent_size": 6, "widths": [4, 8]}
    return DCGAN(**(options | {"discriminator_norm": "none", "dropout": 0.3} | changes))


BUILD = {"gan": dense, "dcgan": convolutional}


@pytest.mark.parametrize("num_classes", [0, 5])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("build", BUILD.values(), ids=BUILD)
def test_shapes_ranges_and_gradients(build, shape, num_classes):
    model = build(image_shape=shape, num_classes=num_classes)
    assert (model.latent_size, model.num_classes) == (6, num_classes)
    labels = torch.tensor([0, 4, 2])
    images = model.generator(torch.randn(3, 6), labels)
    assert images.shape == (3, *shape)
    assert 0 <= images.min() < 0.5 < images.max() <= 1
    scores = model.discriminator(images, labels)
    assert scores.shape == (3,)
    scores.sum().backward()
    gradients = {name: weight.grad for name, weight in model.named_parameters()}
    assert all(gradient is not None and gradient.isfinite().all() for gradient in gradients.values())
    assert gradients["generator.network.0.weight"].abs().max() > 0


@pytest.mark.parametrize("build", BUILD.values(), ids=BUILD)
def test_only_a_conditional_model_listens_to_labels(build):
    z, x = torch.randn(4, 6), torch.rand(4, 1, 28, 28)
    ones, twos = torch.full((4,), 1), torch.full((4,), 2)
    for num_classes in (0, 3):
        model = build(num_classes=num_classes).eval()
        for player, given in ((model.generator, z), (model.discriminator, x)):
            assert torch.equal(player(given, ones), player(given, twos)) == (num_classes == 0)


def test_labels_are_features_beside_numbers_and_planes_beside_channels():
    labels = torch.tensor([2, 0])
    assert beside(torch.tensor([[5.0], [6.0]]), labels, 3).tolist() == [[5, 0, 0, 1], [6, 1, 0, 0]]
    images = torch.rand(2, 1, 2, 2)
    joined = beside(images, labels, 3)
    assert joined.shape == (2, 4, 2, 2)
    assert torch.equal(joined[:, :1], images)
    assert joined[0, 1:].amax((1, 2)).tolist() == joined[0, 1:].amin((1, 2)).tolist() == [0, 0, 1]
    assert beside(images, labels, 0) is images


@pytest.mark.parametrize("build", BUILD.values(), ids=BUILD)
def test_the_discriminator_sees_pixels_around_zero(build):
    model = build(dropout=0.0)
    seen = []
    first = next(layer for layer in model.discriminator.modules() if isinstance(layer, nn.Linear | nn.Conv2d))
    first.register_forward_pre_hook(lambda layer, given: seen.append(given[0]))
    model.discriminator(torch.tensor([0.0, 0.5, 1.0]).view(3, 1, 1, 1).expand(3, 1, 28, 28), torch.zeros(3).long())
    assert seen[0].flatten(1).unique(dim=1).flatten().tolist() == [-1, 0, 1]


@pytest.mark.parametrize("build", BUILD.values(), ids=BUILD)
def test_spectral_norm_bounds_every_layer(build):
    """Each matrix of weights has a largest singular value of 1, once the power iteration has converged."""
    model = build(discriminator_norm="spectral", dropout=0.0)
    x, labels = torch.rand(2, 1, 28, 28), torch.zeros(2).long()
    for _ in range(100):
        model.discriminator(x, labels)
    layers = [layer for layer in model.discriminator.modules() if nn.utils.parametrize.is_parametrized(layer)]
    assert len(layers) == 3
    with torch.no_grad():
        for layer in layers:
            largest = torch.linalg.matrix_norm(layer.eval().weight.flatten(1), 2)
            assert largest.item() == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize(("build", "kind"), [(dense, nn.BatchNorm1d), (convolutional, nn.BatchNorm2d)], ids=BUILD)
def test_batch_norm_is_where_dcgan_has_it(build, kind):
    """In all of the generator but its output, in the discriminator neither first nor last, and only if asked for."""
    model = build(discriminator_norm="batch")
    assert sum(isinstance(layer, kind) for layer in model.discriminator.modules()) == 1
    assert sum(isinstance(layer, kind) for layer in model.generator.modules()) == 2
    images = torch.rand(5, 1, 28, 28)
    labels = torch.zeros(5).long()
    plain = build(discriminator_norm="none", dropout=0.0)
    alone = torch.cat([plain.discriminator(image[None], labels[:1]) for image in images])
    torch.testing.assert_close(plain.discriminator(images, labels), alone)  # so a gradient penalty may be asked of it
    assert not any(isinstance(layer, kind) for layer in plain.discriminator.modules())


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((1, 28, 28), [(4, 14, 14), (8, 7, 7), (16, 4, 4)]),
        ((3, 32, 32), [(4, 16, 16), (8, 8, 8), (16, 4, 4)]),
        ((1, 5, 6), [(4, 3, 3), (8, 2, 2), (16, 1, 1)]),
    ],
    ids=str,
)
def test_widths_halve_the_image_and_the_generator_goes_back(shape, expected):
    model = convolutional(image_shape=shape, widths=[4, 8, 16])
    halves, doubles = [], []
    for sides, kind in ((halves, nn.Conv2d), (doubles, nn.ConvTranspose2d)):
        for layer in model.modules():
            if isinstance(layer, kind):
                layer.register_forward_hook(lambda layer, given, found, sides=sides: sides.append(found.shape[1:]))
    images = model.generator(torch.randn(2, 6), torch.zeros(2).long())
    model.discriminator(images, torch.zeros(2).long())
    assert halves == expected
    assert doubles == [*expected[-2::-1], shape]


@pytest.mark.parametrize(
    ("build", "changes", "line"),
    [
        (convolutional, {"widths": []}, r"model\.widths=\[\].*one convolution at least"),
        (dense, {"latent_size": 0}, r"model\.latent_size=0"),
        (dense, {"discriminator_norm": "layer"}, r"model\.discriminator_norm=layer.*none, batch, spectral"),
    ],
    ids=["none", "latent", "norm"],
)
def test_what_cannot_be_built(build, changes, line):
    with pytest.raises(InputError, match=line):
        build(**changes)
