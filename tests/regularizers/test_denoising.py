"""Noise on what the encoder sees: how much, of which kind, and from which generator."""

import pytest
import torch

from dlexp.errors import InputError
from dlexp.regularizers.denoising import GaussianNoise, MaskingNoise, SaltAndPepper

IMAGES = torch.full((50, 2, 20, 20), 0.4)  # 40,000 elements
NOISES = [GaussianNoise(std=0.3), MaskingNoise(share=0.25), SaltAndPepper(share=0.3)]


def drawn(noise, seed: int = 0) -> torch.Tensor:
    torch.manual_seed(seed)
    return noise.corrupt(IMAGES)


def test_gaussian_noise_has_its_deviation_and_no_bias():
    added = drawn(NOISES[0]) - IMAGES
    assert added.mean().item() == pytest.approx(0, abs=4 * 0.3 / 200)
    assert added.std().item() == pytest.approx(0.3, rel=0.02)
    assert drawn(NOISES[0]).min() < 0  # nothing is clipped


def test_masking_blackens_its_share_and_leaves_the_rest():
    seen = drawn(NOISES[1])
    assert set(seen.unique().tolist()) == {0.0, IMAGES[0, 0, 0, 0].item()}
    assert (seen == 0).float().mean().item() == pytest.approx(0.25, abs=0.01)
    assert (seen == 0).float().mean((0, 2, 3)).tolist() == pytest.approx([0.25, 0.25], abs=0.02)
    assert not torch.equal(seen[:, 0], seen[:, 1])  # a colour of a pixel on its own


def test_salt_and_pepper_are_as_frequent_as_one_another():
    seen = drawn(NOISES[2])
    assert (seen == 0).float().mean().item() == pytest.approx(0.15, abs=0.01)
    assert (seen == 1).float().mean().item() == pytest.approx(0.15, abs=0.01)
    assert (seen == IMAGES).float().mean().item() == pytest.approx(0.7, abs=0.01)


@pytest.mark.parametrize("noise", NOISES, ids=lambda noise: type(noise).__name__)
def test_noise_is_drawn_anew_from_torchs_generator_and_costs_nothing(noise):
    before = IMAGES.clone()
    first = drawn(noise)
    assert not torch.equal(first, noise.corrupt(IMAGES))
    assert torch.equal(first, drawn(noise))
    assert not torch.equal(first, drawn(noise, seed=1))
    assert torch.equal(IMAGES, before)
    assert noise.penalty(torch.nn.Identity(), IMAGES, IMAGES) is None


@pytest.mark.parametrize("none", [GaussianNoise(std=0.0), MaskingNoise(share=0.0), SaltAndPepper(share=0.0)])
def test_no_noise_leaves_the_images(none):
    assert torch.equal(none.corrupt(IMAGES), IMAGES)


@pytest.mark.parametrize(
    ("noise", "arguments", "said"),
    [
        (GaussianNoise, {"std": -0.1}, "regularizer.gaussian_noise.std=-0.1"),
        (GaussianNoise, {"std": float("nan")}, "regularizer.gaussian_noise.std=nan"),
        (MaskingNoise, {"share": 1.5}, "regularizer.masking_noise.share=1.5"),
        (SaltAndPepper, {"share": -1}, "regularizer.salt_and_pepper.share=-1"),
    ],
)
def test_noise_that_cannot_be(noise, arguments, said):
    with pytest.raises(InputError, match=said):
        noise(**arguments)
