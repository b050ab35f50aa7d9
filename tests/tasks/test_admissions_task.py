"""The task admissions by the real command: what it says, what it leaves, who would be admitted."""

import numpy as np
import pytest
import torch
from hydra.utils import instantiate
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from dlexp.data.admissions import encode

PLAIN = ("task=admissions", "trainer=cpu", "logger=none", "callbacks.curves=null", "callbacks.generalisation_gap=null")


@pytest.fixture(scope="module")
def regression(launch, tmp_path_factory):
    return launch(
        *PLAIN, "model=logistic_scratch", "trainer.max_epochs=30", folder=tmp_path_factory.mktemp("regression")
    )


def test_says_that_the_applicants_are_made_up_and_how_many_are_rejected(regression):
    assert (regression.code, regression.err) == (0, "")
    assert regression.out.count("synthetic applicants") == 1
    assert regression.result["source"] == "synthetic applicants"
    metrics = regression.result["metrics"]
    assert metrics["val/majority_accuracy"] == pytest.approx(57 / 80)
    assert metrics["test/majority_accuracy"] == pytest.approx(56 / 80)
    assert (regression.folder / "figures" / "admission_map.png").stat().st_size > 10_000


def test_logistic_regression_by_hand_is_as_good_as_that_of_scikit_learn(regression):
    checkpoint = torch.load(regression.folder / "checkpoints" / "best.ckpt", weights_only=True)
    data = instantiate(checkpoint["hyper_parameters"]["data"])
    data.setup()
    theirs = LogisticRegression(C=1e6).fit(data.features("train"), data.labels("train"))
    loss = log_loss(data.labels("val"), theirs.predict_proba(data.features("val")))
    assert regression.result["metrics"]["val/loss"] == pytest.approx(loss, abs=0.02)


def test_a_checkpoint_is_enough_to_ask_about_new_applicants(regression):
    checkpoint = torch.load(regression.folder / "checkpoints" / "best.ckpt", weights_only=True)
    assert checkpoint["preprocessing"]["source"] == "synthetic applicants"
    assert checkpoint["classes"] == ["rejected", "admitted"]
    model = instantiate(checkpoint["hyper_parameters"]["model"]).eval()
    weights = {name.removeprefix("model."): value for name, value in checkpoint["state_dict"].items()}
    model.load_state_dict({name: weights[name] for name in model.state_dict()})
    gre, gpa, rank = np.array([800, 800, 300]), np.array([4.0, 4.0, 2.5]), np.array([1, 4, 4])
    best, good, poor = model(encode(checkpoint["preprocessing"], gre, gpa, rank)).softmax(1)[:, 1].tolist()
    assert best > good > poor


def test_a_file_that_cannot_be_used_ends_the_run_at_once(launch, tmp_path):
    end = launch(*PLAIN, f"data.csv={tmp_path}/none.csv", folder=tmp_path / "run")
    assert end.code != 0
    assert end.err.strip() == f"dlexp: data.csv={tmp_path}/none.csv: there is no such file"
