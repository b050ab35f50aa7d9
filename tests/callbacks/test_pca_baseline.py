"""The yardstick of an autoencoder, in a real run, against numpy's singular values."""

import csv
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hydra.utils import instantiate

from dlexp.callbacks.pca_baseline import PcaBaseline

QUICK = (
    *("task=autoencoder", "trainer=cpu", "trainer.max_epochs=2", "model.hidden_sizes=[16]", "model.latent_size=3"),
    *("data.limit=120", "data.validation=60", "data.batch_size=40", "logger=none", "callbacks.curves=null"),
    *("callbacks.reconstruction_figures=null", "callbacks.latent_figures=null"),
)


@pytest.fixture(scope="module")
def run(launch, tmp_path_factory):
    return launch(*QUICK, folder=tmp_path_factory.mktemp("pca") / "run")


def splits(run) -> dict[str, np.ndarray]:
    """Pixels (N, D) of 0..1 by the name of their split."""
    data = instantiate(
        torch.load(run.folder / "checkpoints" / "best.ckpt", weights_only=True)["hyper_parameters"]["data"]
    )
    data.setup()
    return {name: images.flatten(1).numpy() / 255 for name, (images, _) in data.splits.items()}


def least_error(train: np.ndarray, judged: np.ndarray, count: int) -> float:
    mean = train.mean(0)
    rows = np.linalg.svd(train - mean, full_matrices=False)[2][:count]
    centred = judged - mean
    return np.square(centred - centred @ rows.T @ rows).mean()


def test_both_splits_by_components_of_the_training_split(run):
    assert (run.code, run.err) == (0, "")
    pixels = splits(run)
    for split in ("val", "test"):
        expected = least_error(pixels["train"], pixels[split], 3)
        assert run.result["metrics"][f"{split}/mse_of_pca"] == pytest.approx(expected, rel=1e-5)


def test_it_stands_in_every_epoch(run):
    column = [row["val/mse_of_pca"] for row in csv.DictReader(run.history.splitlines())]
    assert len([value for value in column if value]) == 2
    assert len(set(column) - {""}) == 1
    assert PcaBaseline.logged <= set(run.result["metrics"])


def test_it_leaves_the_training_as_it_is(launch, run, tmp_path):
    without = launch(*QUICK, "callbacks.pca_baseline=null", folder=tmp_path / "run")
    metrics = {name: value for name, value in run.result["metrics"].items() if not name.endswith("of_pca")}
    assert without.result["metrics"] == metrics


def test_a_code_larger_than_the_set_loses_nothing_of_it():
    images = torch.randint(256, (12, 3, 4, 4), generator=torch.Generator().manual_seed(0), dtype=torch.uint8)
    splits = {name: (images, torch.zeros(12)) for name in ("train", "test")}
    data = SimpleNamespace(splits=splits, prepare=lambda x: x / 255, eval_batch_size=5)
    logged = {}
    task = SimpleNamespace(latent_size=1024, log=lambda name, value, **rest: logged.update({name: value}))
    baseline = PcaBaseline()
    baseline.on_test_epoch_end(SimpleNamespace(datamodule=data), task)
    assert list(logged) == ["test/mse_of_pca"]
    assert logged["test/mse_of_pca"] < 1e-12
    assert baseline.components.directions.shape == (48, 11)


def test_of_a_test_alone(launch, run, tmp_path):
    """Nothing was fitted before: it fits then."""
    words = ("stages=[test]", f'ckpt="{run.folder}/checkpoints/best.ckpt"')
    end = launch(*QUICK, *words, folder=tmp_path / "run")
    assert (end.code, end.err) == (0, "")
    assert end.result["metrics"]["test/mse_of_pca"] == run.result["metrics"]["test/mse_of_pca"]
