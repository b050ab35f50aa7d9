"""Every option of conf/ runs: one batch through every stage (trainer=debug), by the real command."""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from headers import CONF, FROM_FILES, around
from hydra import compose, initialize_config_dir
from omegaconf import DictConfig, OmegaConf

from dlexp.schema import register

FILES = {  # what a data set needs in DLEXP_DATA_DIR; the others need nothing
    "mnist": "MNIST/raw",
    "fmnist": "FashionMNIST/raw",
    "cifar10": "cifar-10-batches-py",
}
TINY = ("data.batch_size=2", "data.eval_batch_size=2")
SPLITS = {"fit": "train/", "validate": "val/", "test": "test/"}  # whose metrics a stage leaves


def options(group: str) -> list[str]:
    return sorted(path.stem for path in (CONF / group).glob("*.yaml"))


def composed(*words: str) -> DictConfig:
    register()
    with initialize_config_dir(str(CONF), version_base="1.3"):
        return compose("config", list(words))


@pytest.fixture
def debug(launch, tmp_path):
    """Run and check that all stages were gone through."""

    def run(*words: str) -> dict:
        words = ("trainer=debug", *words)
        cfg = composed(*words)
        end = launch(*(TINY if cfg.data else ()), *words, folder=tmp_path / "run", report=True)
        assert (end.code, end.err) == (0, "")
        result = end.result
        assert result["status"] == "finished"
        for stage in cfg.stages:
            assert any(name.startswith(SPLITS.get(stage, "tune/")) for name in result["metrics"])
        assert all(np.isfinite(value) for value in result["metrics"].values())
        assert not (end.folder / "checkpoints").exists()
        return result

    return run


@pytest.mark.parametrize("task", options("task"))
def test_task(debug, task):
    debug(f"task={task}")


@pytest.mark.parametrize("model", options("model"))
def test_model(debug, model):
    words = [*around(f"model/{model}"), f"model={model}"]
    if model == "timm":
        pytest.importorskip("timm")
        words += ["model.name=mobilenetv3_small_050"]
    result = debug(*words)
    assert result["model"] == model
    assert result["parameters"] > 0


@pytest.mark.parametrize("data", options("data"))
def test_data(debug, data, tmp_path, write_octmnist):
    words = [*around(f"data/{data}"), f"data={data}"]
    if data in (*FROM_FILES, "digits"):
        words += ["model=linear", "data.verify=false"]
    if data == "octmnist":
        write_octmnist(tmp_path / "octmnist.npz")
        words += [f"data_dir={tmp_path}"]
    elif data in FILES and not Path(os.environ.get("DLEXP_DATA_DIR", "nowhere"), FILES[data]).is_dir():
        pytest.skip(f"no {FILES[data]} in DLEXP_DATA_DIR")
    assert debug(*words)["data"] == data


@pytest.fixture
def write_octmnist():
    """A small file in the format of the published one; its checksum is of course another."""

    def write(path: Path) -> None:
        random = np.random.default_rng(0)
        arrays = {}
        for split, size in (("train", 40), ("val", 12), ("test", 12)):
            arrays[f"{split}_images"] = random.integers(0, 256, (size, 28, 28), dtype=np.uint8)
            arrays[f"{split}_labels"] = np.arange(size, dtype=np.uint8)[:, None] % 4
        np.savez(path, **arrays)

    return write


@pytest.mark.parametrize("optimizer", options("optimizer"))
def test_optimizer(debug, optimizer):
    words = around(f"optimizer/{optimizer}") or ["model=mlp"]
    debug(*words, f"optimizer={optimizer}")


@pytest.mark.parametrize("scheduler", options("scheduler"))
def test_scheduler(debug, scheduler):
    debug(f"scheduler={scheduler}", "model=linear")


@pytest.mark.parametrize("callbacks", options("callbacks"))
def test_callbacks(debug, callbacks):
    debug("model=linear", *([] if callbacks == "default" else [f"callbacks=[default,{callbacks}]"]))


@pytest.mark.parametrize("logger", options("logger"))
def test_logger(debug, logger):
    debug("model=linear", f"logger={logger}")


@pytest.mark.parametrize("trainer", sorted({*options("trainer")} - {"gpu"}))
def test_trainer(debug, trainer):
    options = ["trainer.devices=1", "trainer.accelerator=cpu"] if trainer == "ddp" else []
    debug("model=linear", f"trainer={trainer}", "trainer.fast_dev_run=true", *options)
    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()  # Lightning leaves it to the end of the process


@pytest.mark.parametrize("experiment", options("experiment"))
def test_experiment(debug, experiment):
    """Its recipe, on data that are there and without waiting for a compiler."""
    cfg = composed(f"experiment={experiment}")
    words = ["data=digits"] if OmegaConf.select(cfg, "data.folder") else []  # sets that are read from files
    words += ["task.compile=false"] if "compile" in cfg.task else []
    debug(f"experiment={experiment}", *words)


@pytest.mark.parametrize(
    "words",
    [
        ("perceptron", "model=multiclass_perceptron"),
        ("linear_classifier",),
        ("mlp_scratch",),
        ("mlp",),
        ("logistic",),
        ("optimizer_compare",),
    ],
    ids=lambda words: words[0],
)
def test_the_classifiers_on_octmnist(debug, words, tmp_path, write_octmnist):
    write_octmnist(tmp_path / "octmnist.npz")
    task, *rest = words
    result = debug(f"task={task}", "data=octmnist", "data.verify=false", f"data_dir={tmp_path}", *rest)
    assert len(result["classes"]) == 4
