"""Principal components against numpy's singular values and scikit-learn."""

import numpy as np
import pytest
import torch
from scipy.linalg import subspace_angles
from sklearn.decomposition import PCA

from dlexp.metrics.principal_components import CHUNK, PrincipalComponents


def images(count: int = 50, shape: tuple[int, ...] = (2, 3, 4), kind: torch.dtype = torch.float32) -> torch.Tensor:
    """Whose pixels go together, by less and less."""
    random = np.random.default_rng(0)
    pixels = int(np.prod(shape))
    rotation, _ = np.linalg.qr(random.normal(size=(pixels, pixels)))
    samples = 0.5 + 0.1 * random.normal(size=(count, pixels)) * 0.9 ** np.arange(pixels) @ rotation.T
    return torch.tensor(samples).unflatten(1, shape).to(kind)


@pytest.mark.parametrize("count", [1, 5, 23])
def test_equal_singular_vectors(count):
    x = images()
    found = PrincipalComponents.of(x, count)
    flat = x.flatten(1).double().numpy()
    mean = flat.mean(0)
    _, values, rows = np.linalg.svd(flat - mean, full_matrices=False)
    np.testing.assert_allclose(found.mean, mean, atol=1e-12)
    signs = np.sign((found.directions.T.numpy() * rows[:count]).sum(1))
    np.testing.assert_allclose(found.directions.T.numpy() * signs[:, None], rows[:count], atol=1e-6)
    error = (found.reconstruct(x) - x).square().sum().item()
    assert error == pytest.approx(np.square(values[count:]).sum(), rel=1e-8)  # Eckart and Young


@pytest.mark.parametrize("count", [1, 7])
def test_equal_scikit_learn(count):
    x, unseen = images(40), images(60)[40:]
    found = PrincipalComponents.of(x, count)
    theirs = PCA(count, svd_solver="full").fit(x.flatten(1).double().numpy())
    flat = unseen.flatten(1).double().numpy()
    expected = theirs.inverse_transform(theirs.transform(flat))
    ours = found.reconstruct(unseen)
    assert ours.shape == unseen.shape
    np.testing.assert_allclose(ours.flatten(1), expected, atol=1e-10)
    assert subspace_angles(found.directions.numpy(), theirs.components_.T).max() < 1e-7
    np.testing.assert_allclose(found.encode(unseen).abs(), np.abs(theirs.transform(flat)), atol=1e-8)


def test_bytes_in_several_chunks():
    """uint8 would overflow, and the sums of float32 would round."""
    x = (images(CHUNK + 300, (1, 2, 3)) * 255).clamp(0, 255).to(torch.uint8)
    found = PrincipalComponents.of(x, 2)
    theirs = PCA(2, svd_solver="full").fit(x.flatten(1).double().numpy())
    np.testing.assert_allclose(found.mean, theirs.mean_, rtol=1e-12)
    assert subspace_angles(found.directions.numpy(), theirs.components_.T).max() < 1e-7


@pytest.mark.parametrize(("samples", "count", "kept"), [(50, 100, 24), (10, 100, 9), (10, 4, 4), (1, 4, 0)])
def test_no_more_components_than_pixels_or_images(samples, count, kept):
    x = images(samples)
    found = PrincipalComponents.of(x, count)
    assert found.directions.shape == (24, kept)
    np.testing.assert_allclose(found.directions.T @ found.directions, np.eye(kept), atol=1e-12)
    if count > kept:
        assert (found.reconstruct(x) - x).square().mean() < 1e-16  # nothing is lost
