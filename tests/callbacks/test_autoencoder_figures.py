"""What the figures of a code are drawn of: reconstructions, the map, lines and planes of codes."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import Tensor

from dlexp.callbacks.decoded_plane import DecodedPlane
from dlexp.callbacks.latent_figures import STEPS, LatentFigures, pairs
from dlexp.callbacks.reconstruction_figures import ReconstructionFigures
from dlexp.metrics.principal_components import PrincipalComponents

DRAWN = {
    "dlexp.reporting.reconstructions.reconstructions": "reconstruction_figures",
    "dlexp.reporting.latent_plots.latent_map": "latent_figures",
    "dlexp.reporting.latent_plots.interpolations": "latent_figures",
    "dlexp.reporting.image_grid.image_sheet": "decoded_plane",
}


@pytest.fixture
def drawn(monkeypatch) -> dict:
    """What each figure that was kept was made of."""
    kept: dict = {}
    for name, callback in DRAWN.items():
        monkeypatch.setattr(name, lambda *args, **rest: (args, rest))
        monkeypatch.setattr(f"dlexp.callbacks.{callback}.keep_figure", lambda *args: kept.update({args[2]: args[3]}))
    return kept


def splits(colours: int = 1) -> dict[str, tuple[Tensor, Tensor]]:
    generator = torch.Generator().manual_seed(0)
    return {
        name: (
            torch.randint(256, (count, colours, 4, 4), generator=generator, dtype=torch.uint8),
            torch.arange(count) % 3,
        )
        for name, count in (("train", 30), ("test", 20))
    }


def trainer(**changes) -> SimpleNamespace:
    data = SimpleNamespace(
        splits=splits(), prepare=lambda images: images / 255, eval_batch_size=8, classes=("zero", "one", "two")
    )
    stub = {"is_global_zero": True, "fast_dev_run": False, "datamodule": data, "callbacks": []}
    return SimpleNamespace(**(stub | changes))


def task(size: int = 2) -> SimpleNamespace:
    """Its code is the first pixels, and images come back with these, and with a tenth of the label elsewhere."""

    def encode(x: Tensor, labels: Tensor) -> Tensor:
        assert labels.shape == (len(x),)
        return x.flatten(1)[:, :size]

    def decode(code: Tensor, labels: Tensor) -> Tensor:
        assert labels.shape == (len(code),)
        rest = (labels[:, None] / 10).expand(-1, 16 - size)
        return torch.cat([code, rest], dim=1).reshape(-1, 1, 4, 4)

    return SimpleNamespace(
        latent_size=size,
        encode=encode,
        decode=decode,
        reconstruct=lambda x, labels: decode(encode(x, labels), labels),
    )


def test_nothing_is_drawn_by_a_debugging_run_or_another_rank(drawn, tmp_path):
    callbacks = (
        ReconstructionFigures(folder=str(tmp_path), columns=4),
        LatentFigures(folder=str(tmp_path), most=10),
        DecodedPlane(folder=str(tmp_path), side=3),
    )
    for changes in ({"fast_dev_run": 1}, {"is_global_zero": False}):
        for callback in callbacks:
            callback.on_test_end(trainer(**changes), task())
    assert drawn == {}


def test_reconstructions(drawn, tmp_path):
    ReconstructionFigures(folder=str(tmp_path), columns=5).on_test_end(trainer(), task())
    ((blocks,), rest) = drawn["reconstructions"]
    (some, worst) = blocks.values()
    assert list(blocks) == ["Some of the 20 test images", "The worst"]

    images, labels = splits()["test"]
    x = images / 255
    given_back = task().reconstruct(x, labels)
    errors = (given_back - x).square().flatten(1).mean(1)
    assert f"{errors.mean():.2g}" in rest["heading"]
    assert "2 numbers" in rest["heading"]

    order = errors.argsort(descending=True)[:5]
    original, ours, pca = worst
    np.testing.assert_allclose(original.images, x[order])
    np.testing.assert_allclose(ours.images, given_back[order])
    np.testing.assert_allclose(ours.errors, errors[order], rtol=1e-5)
    assert original.errors is None
    assert list(ours.errors) == sorted(ours.errors, reverse=True)
    components = PrincipalComponents.of(splits()["train"][0] / 255, 2)
    by_pca = components.reconstruct(x[order].double())
    np.testing.assert_allclose(pca.images, by_pca.clamp(0, 1), atol=1e-6)
    np.testing.assert_allclose(pca.errors, (by_pca - x[order]).square().flatten(1).mean(1), rtol=1e-5)

    shown = {tuple(image.ravel().round(5)) for image in some[0].images}
    assert len(shown) == 5
    again = dict(drawn)
    ReconstructionFigures(folder=str(tmp_path), columns=5).on_test_end(trainer(), task())
    np.testing.assert_array_equal(drawn["reconstructions"][0][0]["The worst"][0].images, original.images)
    assert again.keys() == drawn.keys()


def test_fewer_images_than_columns(drawn, tmp_path):
    ReconstructionFigures(folder=str(tmp_path), columns=50).on_test_end(trainer(), task())
    ((blocks,), _) = drawn["reconstructions"]
    assert all(len(row.images) == 20 for rows in blocks.values() for row in rows)


@pytest.mark.parametrize(("most", "kept"), [(10, 10), (100, 20)])
def test_the_map(drawn, tmp_path, most, kept):
    LatentFigures(folder=str(tmp_path), most=most).on_test_end(trainer(), task(3))
    ((codes, labels, classes), _) = drawn["latent"]
    assert codes.shape == (kept, 3)
    assert classes == ("zero", "one", "two")
    images, of = splits()["test"]
    known = {tuple(code): label for code, label in zip((images / 255).flatten(1)[:, :3].tolist(), of, strict=True)}
    assert [known[tuple(code)] for code in codes.tolist()] == list(labels)
    assert np.bincount(labels).min() >= kept // 3  # of every class its share


def test_lines_between_codes(drawn, tmp_path):
    LatentFigures(folder=str(tmp_path), most=10).on_test_end(trainer(), task(2))
    ((ends, between, names), _) = drawn["interpolations"]
    rows = len(names)
    assert 1 < rows <= 6
    assert ends.shape == (rows, 2, 1, 4, 4)
    assert between.shape == (rows, STEPS, 1, 4, 4)
    codes, start, stop = (part.reshape(*part.shape[:-3], 16)[..., :2] for part in (between, ends[:, 0], ends[:, 1]))
    for step, share in enumerate(np.linspace(0, 1, STEPS)):
        np.testing.assert_allclose(codes[:, step], (1 - share) * start + share * stop, rtol=1e-5)
    classes = ("zero", "one", "two")
    for row, (first, second) in zip(between, names, strict=True):
        assert first != second
        told = (10 * row[:, 0, 3, 3]).round().astype(int).tolist()  # the label that each code was decoded with
        middle = STEPS // 2 + 1
        assert told == [classes.index(first)] * middle + [classes.index(second)] * (STEPS - middle)


def test_pairs_are_of_different_classes_and_the_same_in_every_run():
    labels = torch.arange(50) % 4
    found = pairs(labels, 6)
    assert found.shape == (6, 2)
    assert (labels[found[:, 0]] != labels[found[:, 1]]).all()
    assert len(set(found.flatten().tolist())) == 12
    state = torch.get_rng_state()
    assert torch.equal(found, pairs(labels, 6))
    assert torch.equal(state, torch.get_rng_state())
    assert len(pairs(torch.zeros(50), 6)) == 0
    assert len(pairs(torch.zeros(1), 6)) == 0


def test_one_class_alone_has_no_lines(drawn, tmp_path):
    stub = trainer()
    images, labels = stub.datamodule.splits["test"]
    stub.datamodule.splits["test"] = images, torch.zeros_like(labels)
    LatentFigures(folder=str(tmp_path), most=10).on_test_end(stub, task())
    assert list(drawn) == ["latent"]


def test_the_plane(drawn, tmp_path):
    DecodedPlane(folder=str(tmp_path), side=3).on_test_end(trainer(), task(2))
    ((images,), rest) = drawn["decoded_plane"]
    assert images.shape == (9, 1, 4, 4)
    codes = (splits()["test"][0] / 255).flatten(1)[:, :2].numpy()
    (left, bottom), (right, top) = np.quantile(codes, [0.01, 0.99], axis=0)
    grid = images.reshape(3, 3, 16)[..., :2]  # row, column, code
    np.testing.assert_allclose(grid[:, :, 0], np.tile([left, (left + right) / 2, right], (3, 1)), rtol=1e-5)
    np.testing.assert_allclose(grid[:, 0, 1], [top, (top + bottom) / 2, bottom], rtol=1e-5)  # upwards
    assert rest["columns"] == 3


def test_no_plane_of_other_codes(drawn, tmp_path):
    DecodedPlane(folder=str(tmp_path), side=3).on_test_end(trainer(), task(3))
    assert drawn == {}


def test_a_real_run_leaves_all_of_them(launch, tmp_path):
    end = launch(
        *("task=autoencoder", "trainer=cpu", "trainer.max_epochs=1", "model=autoencoder_conv", "model.width=4"),
        *("model.latent_size=2", "data.limit=60", "data.validation=60", "logger=none", "callbacks.curves=null"),
        *("callbacks.reconstruction_figures.columns=2", "callbacks.decoded_plane.side=3"),
        folder=tmp_path / "run",
    )
    assert (end.code, end.err) == (0, "")
    found = {path.stem for path in (end.folder / "figures").glob("*.png")}
    assert {"reconstructions", "latent", "interpolations", "decoded_plane"} <= found
