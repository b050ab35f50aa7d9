"""Regularizers by their files in conf/: alone, together, resumed, and where they do not fit the model."""

import os
import shlex
import signal

import pytest
import torch
from headers import CONF

from dlexp.tasks.autoencoding import Autoencoding

SMALL = (
    *("task=autoencoder", "trainer=cpu", "trainer.max_epochs=2", "data.limit=120", "data.validation=60"),
    *("model.hidden_sizes=[16]", "model.latent_size=6", "logger=none"),
)
BLIND = tuple(  # what draws takes longer than so small a training
    f"callbacks.{name}=null"
    for name in ("curves", "pca_baseline", "reconstruction_figures", "latent_figures", "decoded_plane")
)
MEASURES = ("code_measures", "denoising", "linear_probe", "anomaly_detection")
UNMEASURED = tuple(f"callbacks.{name}=null" for name in MEASURES)


def run(launch, folder, *words: str, measured: bool = False):
    return launch(*SMALL, *BLIND, *(() if measured else UNMEASURED), *words, folder=folder)


@pytest.mark.parametrize("name", sorted(path.stem for path in (CONF / "regularizer").glob("*.yaml")))
def test_each_alone(launch, tmp_path, name):
    end = run(launch, tmp_path / "run", f"regularizer={name}", "trainer=debug", "model.dropout=0.0")
    assert (end.code, end.err) == (0, "")
    metrics = end.result["metrics"]
    prices = {key for key in metrics if key.startswith("train/penalty")}
    priced = {"l1", "l2", "kl_sparsity", "contractive"}
    expected = name.removesuffix("_hutchinson")
    assert prices == ({f"train/penalty_{expected}"} if expected in priced else set())
    assert all(metrics[price] > 0 for price in prices)
    if not prices:
        assert metrics["train/loss"] == metrics["train/mse"]


def test_all_together_and_the_last_word_is_the_users(launch, tmp_path):
    names = "gaussian_noise,masking_noise,kl_sparsity,contractive_hutchinson,l2,dropout"
    end = run(launch, tmp_path / "run", f"regularizer=[{names}]", "model.dropout=0.5", measured=True)
    assert (end.code, end.err) == (0, "")
    metrics = end.result["metrics"]
    prices = sum(metrics[f"train/penalty_{name}"] for name in ("kl_sparsity", "contractive", "l2"))
    assert metrics["train/loss"] == pytest.approx(metrics["train/mse"] + prices, rel=1e-4)
    config = (end.folder / ".hydra" / "config.yaml").read_text()
    assert "code_activation: sigmoid" in config
    assert "dropout: 0.5" in config
    for name in ("varying_units", "activity", "code_shift", "jacobian_norm", "denoising_gain", "probe_accuracy"):
        assert f"test/{name}" in metrics
    assert "test/anomaly_auc" not in metrics


def test_a_class_left_out_is_looked_for(launch, tmp_path):
    end = run(launch, tmp_path / "run", "data.leave_out=1", measured=True)
    assert (end.code, end.err) == (0, "")
    assert 0.5 < end.result["metrics"]["test/anomaly_auc"] <= 1
    assert {path.stem for path in end.folder.glob("figures/*.png")} == {"anomalies", "code", "denoising"}


def test_measuring_does_not_change_the_training_nor_the_seed_the_noise(launch, tmp_path):
    noisy = "regularizer=[gaussian_noise,contractive_hutchinson]"
    plain, measured, other = (
        run(launch, tmp_path / name, noisy, f"seed={seed}", measured=name == "measured").result["metrics"]
        for name, seed in (("plain", 0), ("measured", 0), ("other", 1))
    )
    assert all(measured[name] == value for name, value in plain.items() if name.startswith(("train/", "val/", "test/")))
    assert plain["train/loss"] != other["train/loss"]


def test_a_stopped_run_goes_on_with_the_same_draws(launch, tmp_path, monkeypatch):
    names = "gaussian_noise,masking_noise,salt_and_pepper,contractive_hutchinson,dropout"
    words = (f"regularizer=[{names}]", "data.batch_size=30")  # 4 batches an epoch
    unbroken = run(launch, tmp_path / "unbroken", *words)
    steps, original = [], Autoencoding.training_step

    def step(*args):
        steps.append(args)
        if len(steps) == 6:
            os.kill(os.getpid(), signal.SIGTERM)
        return original(*args)

    monkeypatch.setattr(Autoencoding, "training_step", step)
    stopped = run(launch, tmp_path / "stopped", *words)
    assert stopped.result["status"] == "interrupted"
    command = stopped.err.partition("resume with: ")[2]
    resumed = launch(*shlex.split(command)[3:], folder=tmp_path / "resumed")
    assert resumed.result["metrics"] == unbroken.result["metrics"]
    ours, theirs = (
        torch.load(end.folder / "checkpoints" / "last.ckpt", weights_only=True)["state_dict"]
        for end in (resumed, unbroken)
    )
    assert all(torch.equal(ours[name], weight) for name, weight in theirs.items())


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (("regularizer=kl_sparsity", "model.code_activation=none"), ("kl_sparsity", "model.code_activation=sigmoid")),
        (("regularizer=contractive", "regularizer.contractive.form=layer"), ("form=layer", "model.hidden_sizes=[]")),
        (("regularizer=l1", "regularizer.l1.strength=-1"), ("regularizer.l1.strength=-1", "0 or more")),
        (("regularizer=contractive", "regularizer.contractive.form=best"), ("form=best", "hutchinson")),
        (("regularizer=salt_and_pepper", "regularizer.salt_and_pepper.share=2"), ("share=2", "0 to 1")),
    ],
    ids=lambda part: " ".join(part),
)
def test_one_line(launch, tmp_path, words, parts):
    end = run(launch, tmp_path / "run", *words)
    assert end.code == 1
    (line,) = end.err.splitlines()
    assert line.startswith("dlexp: ")
    for part in parts:
        assert part in line


def test_dropout_of_a_model_that_has_none(launch, tmp_path):
    end = launch("task=autoencoder", "model=autoencoder_conv", "regularizer=dropout", folder=tmp_path / "run")
    assert end.code == 1
    (line,) = end.err.splitlines()
    assert "dropout" in line


def test_the_form_of_one_layer_equals_the_exact_one(launch, tmp_path):
    metrics = [
        run(
            *(launch, tmp_path / form, "model.hidden_sizes=[]", "regularizer=contractive"),
            *("trainer.max_epochs=1", f"regularizer.contractive.form={form}"),
        ).result["metrics"]
        for form in ("layer", "exact")
    ]
    layer, exact = (values["train/penalty_contractive"] for values in metrics)
    assert layer == pytest.approx(exact, rel=1e-3)
    assert metrics[0]["test/mse"] == pytest.approx(metrics[1]["test/mse"], rel=1e-3)
