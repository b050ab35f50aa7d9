"""What the figures of a VAE are drawn of."""

from types import SimpleNamespace

import pytest
import torch
from scipy.stats import norm
from torch import Tensor

from dlexp.callbacks.vae_figures import VAEFigures

DRAWN = {
    "dlexp.reporting.variational_plots.units": "units",
    "dlexp.reporting.variational_plots.bound_by_parts": "elbo",
    "dlexp.reporting.named_rows.named_rows": "traversals",
    "dlexp.reporting.image_grid.image_sheet": "latent_manifold",
}


@pytest.fixture
def drawn(monkeypatch) -> dict:
    """What each figure that was kept was made of."""
    kept: dict = {}
    for name in DRAWN:
        monkeypatch.setattr(name, lambda *args, **rest: (args, rest))
    monkeypatch.setattr("dlexp.callbacks.vae_figures.keep_figure", lambda *args: kept.update({args[2]: args[3]}))
    return kept


def task(kl: list[float], num_classes: int = 0) -> SimpleNamespace:
    """Its images are two pixels: the code's first and second number; the label is a third."""

    def decode(code: Tensor, labels: Tensor) -> Tensor:
        assert labels.shape == (len(code),)
        pixels = torch.cat([code, labels[:, None].to(code.dtype)], dim=1)
        return pixels.reshape(len(code), 1, 1, -1)

    size = len(kl)
    return SimpleNamespace(
        unit_kl=torch.tensor(kl),
        active=torch.tensor(kl) > 0.5,
        latent_size=size,
        num_classes=num_classes,
        device=torch.device("cpu"),
        encode=lambda x, labels: torch.full((len(x), size), x.mean().item()),
        decode=decode,
    )


def trainer(**changes) -> SimpleNamespace:
    data = SimpleNamespace(
        images=lambda split: torch.full((5, 1, 2, 2), 51, dtype=torch.uint8),
        labels=lambda split: torch.tensor([3, 0, 0, 0, 0]),
        prepare=lambda images: images / 255,
        classes=("zero", "one", "two", "three"),
    )
    stub = {"is_global_zero": True, "fast_dev_run": False, "datamodule": data, "checkpoint_callback": None}
    return SimpleNamespace(**(stub | changes))


def figures(folder="unused", **changes) -> VAEFigures:
    return VAEFigures(**({"folder": str(folder), "units": 2, "steps": 3, "side": 4} | changes))


def test_the_units_that_say_most_are_moved_and_the_others_stay(drawn):
    figures().on_test_end(trainer(), task([0.1, 2.0, 0.7], num_classes=4))
    (images, names), said = drawn["traversals"]
    assert images.shape == (6, 1, 1, 4)  # two units in three steps
    code = images.reshape(2, 3, 4)
    assert code[0, :, 1].tolist() == [-3, 0, 3]  # unit 1 first
    assert code[1, :, 2].tolist() == [-3, 0, 3]
    assert code[..., 0] == pytest.approx(0.2)  # the image's code
    assert code[0, :, 2] == pytest.approx(0.2)
    assert (code[..., 3] == 3).all()  # of the image's class
    assert names == ["unit 1, 2.0 nats", "unit 2, 0.7 nats"]
    assert said["ends"] == ("\N{MINUS SIGN}3", "3")
    (kl, active), _ = drawn["units"]
    assert kl.tolist() == pytest.approx([0.1, 2.0, 0.7])
    assert active.tolist() == [False, True, True]
    assert drawn.keys() == {"units", "traversals"}  # three units are no plane


@pytest.mark.parametrize("classes", [0, 4])
def test_two_units_span_a_plane_of_the_priors_quantiles(drawn, classes):
    figures().on_test_end(trainer(), task([1.0, 2.0], num_classes=classes))
    (images,), said = drawn["latent_manifold"]
    grid = images.reshape(4, 4, 3)
    values = norm.ppf([0.02, 0.34, 0.66, 0.98])
    assert grid[2, :, 0] == pytest.approx(values, abs=1e-5)
    assert grid[:, 2, 1] == pytest.approx(values[::-1], abs=1e-5)  # upwards
    assert said["columns"] == 4
    assert ("of class zero" in said["heading"]) == bool(classes)


@pytest.mark.parametrize("changes", [{"fast_dev_run": True}, {"is_global_zero": False}])
def test_nothing_is_drawn_of_a_trial_or_by_another_rank(drawn, changes, tmp_path):
    (tmp_path / "metrics.csv").write_text("epoch,val/kl,val/reconstruction\n0,1,2\n")
    for hook in ("on_test_end", "on_fit_end"):
        getattr(figures(tmp_path), hook)(trainer(**changes), task([1.0, 2.0]))
    assert drawn == {}


def test_the_bound_is_drawn_of_what_was_logged(drawn, tmp_path):
    figures(tmp_path).on_fit_end(trainer(), task([1.0]))
    assert drawn == {}
    (tmp_path / "metrics.csv").write_text("epoch,val/kl,val/reconstruction\n0,1,2\n1,3,1\n")
    figures(tmp_path).on_fit_end(trainer(checkpoint_callback=SimpleNamespace(best_epoch=1)), task([1.0]))
    (history,), said = drawn["elbo"]
    assert history["val/kl"].tolist() == [1, 3]
    assert said == {"best_epoch": 1}
