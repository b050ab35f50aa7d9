"""Test surfaces: gradients against autograd, minima where they are said to be, any batch of points."""

from pathlib import Path

import pytest
import torch
from hydra import compose, initialize_config_dir
from hydra.utils import instantiate
from torch import nn

from dlexp.errors import InputError

CONF = Path(__file__).parents[2] / "conf"
TEXTS = {path.stem: path.read_text() for path in sorted((CONF / "model").glob("*.yaml"))}
SURFACES = [name for name, text in TEXTS.items() if "dlexp.models.surfaces." in text or "[bowl, _self_]" in text]


def build(name: str, *words: str) -> nn.Module:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return instantiate(compose(overrides=[f"+model={name}", *words]).model, _convert_="all")


def test_there_are_all():
    named = {"bowl", "narrow_bowl", "rosenbrock", "himmelblau", "beale", "booth", "three_hump_camel", "rastrigin"}
    assert named | {"saddle"} <= set(SURFACES)


@pytest.mark.parametrize("name", SURFACES)
def test_the_gradient_is_that_of_autograd(name):
    torch.manual_seed(0)
    surface = build(name)
    points = 3 * torch.randn(4, 25, 2, dtype=torch.float64)
    points.requires_grad_()
    values = surface(points)
    assert values.shape == (4, 25)
    (expected,) = torch.autograd.grad(values.sum(), points)
    torch.testing.assert_close(surface.gradient(points.detach()), expected, rtol=1e-10, atol=1e-9)


@pytest.mark.parametrize("name", SURFACES)
def test_minima_are_minima(name):
    torch.manual_seed(0)
    surface = build(name)
    assert surface.minima.dtype == torch.float64
    torch.testing.assert_close(surface(surface.minima), torch.zeros(len(surface.minima), dtype=torch.float64))
    assert surface.gradient(surface.minima).abs().max() < 1e-12
    around = surface.minima[:, None] + 0.05 * torch.randn(len(surface.minima), 100, 2, dtype=torch.float64)
    assert (surface(around) > 0).all()
    left, right, bottom, top = surface.window
    low, high = torch.tensor([left, bottom]), torch.tensor([right, top])
    everywhere = low + (high - low) * torch.rand(100_000, 2, dtype=torch.float64)
    assert (surface(everywhere) >= 0).all()
    for point in (*surface.minima, surface.start):
        assert (low < point).all()
        assert (point < high).all()


@pytest.mark.parametrize("name", SURFACES)
def test_one_point_and_distances(name):
    surface = build(name)
    assert surface(surface.point).shape == ()
    assert surface.gradient(surface.point).shape == (2,)
    assert torch.equal(surface.point, surface.start)
    assert list(surface.state_dict()) == ["point"]
    assert surface.distance(surface.minima).abs().max() == 0
    beside = surface.minima[0] + torch.tensor([0.03, 0.04])
    torch.testing.assert_close(surface.distance(beside), torch.tensor(0.05, dtype=torch.float64))


@pytest.mark.parametrize(
    ("name", "point", "value"),
    [
        ("rosenbrock", [-1.2, 1.0], 24.2),  # Rosenbrock 1960
        ("himmelblau", [0.0, 0.0], 170.0),
        ("beale", [0.0, 0.0], 14.203125),
        ("booth", [0.0, 0.0], 74.0),
        ("three_hump_camel", [1.0, 1.0], 2 - 1.05 + 1 / 6 + 2),
        ("rastrigin", [0.5, 0.5], 40.5),
        ("saddle", [0.0, 0.0], 0.5),
        ("bowl", [1.0, 0.5], 0.875),  # (0, 1) from the minimum: (3/4 2 + 1/4 1) / 2
    ],
)
def test_values_that_are_known(name, point, value):
    assert build(name)(torch.tensor(point, dtype=torch.float64)).item() == pytest.approx(value)


def test_curvatures_are_the_eigenvalues():
    surface = build("narrow_bowl")
    hessian = torch.autograd.functional.hessian(surface, surface.start)
    torch.testing.assert_close(torch.linalg.eigvalsh(hessian), torch.tensor([1.0, 100.0], dtype=torch.float64))


@pytest.mark.parametrize(
    "word",
    ["model.start=[1]", "model.window=[1,0,0,1]", "model.window=[0,1]", "model.curvatures=[1,0]"],
)
def test_a_bad_surface_is_refused(word):
    from hydra.errors import InstantiationException

    with pytest.raises((InputError, InstantiationException), match=word.partition("=")[0]):
        build("bowl", word)
