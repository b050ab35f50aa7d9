"""The line for errors of torch and Lightning, raised by them for real wherever this machine can."""

import errno
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
import torch
from hydra.errors import InstantiationException
from hydra.utils import instantiate
from lightning.pytorch import Trainer
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint
from lightning.pytorch.demos.boring_classes import BoringModel
from lightning.pytorch.plugins.io import TorchCheckpointIO

from dlexp.composition.explain import explain
from dlexp.errors import InputError

GPU = torch.cuda.is_available()


class Logs(BoringModel):
    def training_step(self, batch: Any, batch_idx: int) -> Any:
        self.log("train/loss", 0.0)
        self.log("train/accuracy", 0.0)
        return super().training_step(batch, batch_idx)


def fit(tmp_path: Path, callback: Any) -> None:
    Trainer(
        default_root_dir=tmp_path,
        max_epochs=1,
        limit_train_batches=1,
        limit_val_batches=1,
        num_sanity_val_steps=0,
        accelerator="cpu",
        logger=False,
        callbacks=[callback],
        enable_progress_bar=False,
        enable_model_summary=False,
    ).fit(Logs())


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", [EarlyStopping, ModelCheckpoint])
def test_a_metric_that_nobody_logs(kind: type, tmp_path: Path) -> None:
    with pytest.raises(Exception, match="train/acc") as error:
        fit(tmp_path, kind(monitor="train/acc"))
    assert explain(error.value) == "nobody logs the metric 'train/acc' (did you mean 'train/accuracy'?)"


def test_a_metric_that_a_scheduler_waits_for() -> None:
    text = "ReduceLROnPlateau conditioned on metric val/los which is not available."
    line = explain(RuntimeError(text + " Available metrics are: ['val/loss']. Condition can be set using …"))
    assert line == "nobody logs the metric 'val/los' (did you mean 'val/loss'?)"


def test_out_of_memory() -> None:
    with pytest.raises(RuntimeError) as error:
        torch.empty(2**60, dtype=torch.uint8)
    assert "data.batch_size" in explain(error.value)
    assert "data.batch_size" in explain(torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 1 GiB"))


@pytest.mark.skipif(GPU, reason="there is a GPU")
@pytest.mark.parametrize("ask", [lambda: Trainer(accelerator="gpu"), lambda: torch.ones(1, device="cuda")])
def test_no_gpu(ask: Any) -> None:
    with pytest.raises(Exception) as error:  # noqa: PT011
        ask()
    assert explain(error.value) == "there is no GPU that torch can use here: run with trainer=cpu"


def test_no_such_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as error:
        TorchCheckpointIO().load_checkpoint(tmp_path / "last.ckpt")
    assert explain(error.value).startswith(f"Checkpoint file not found: {tmp_path / 'last.ckpt'}: give ckpt=")


def test_a_damaged_checkpoint(tmp_path: Path) -> None:
    path = tmp_path / "last.ckpt"
    path.write_text("not a checkpoint")
    with pytest.raises(Exception, match="Weights only") as error:
        torch.load(path, weights_only=True)
    assert explain(error.value).startswith("the checkpoint is damaged, or not a checkpoint")


def test_another_models_checkpoint() -> None:
    with pytest.raises(RuntimeError) as error:
        torch.nn.Linear(2, 3).load_state_dict(torch.nn.Linear(2, 4).state_dict())
    assert explain(error.value).startswith("the checkpoint holds another model; ")


def test_images_that_are_too_small() -> None:
    image = torch.zeros(1, 1, 2, 2)
    for layer in (torch.nn.Conv2d(1, 1, 3), torch.nn.MaxPool2d(3)):
        with pytest.raises(RuntimeError) as error:
            layer(image)
        assert explain(error.value).startswith("the images are too small for this model")


def test_full_disk() -> None:
    assert explain(OSError(errno.ENOSPC, "No space left on device", "x.ckpt")) == "the disk is full: x.ckpt"


def test_a_value_that_the_constructor_refuses() -> None:
    conv = {"_target_": "torch.nn.Conv2d", "in_channels": 3, "out_channels": 4, "kernel_size": 3, "groups": 2}
    with pytest.raises(InstantiationException) as error:
        instantiate({"model": conv})
    assert explain(error.value) == "model: in_channels must be divisible by groups"
    partial = instantiate({"_target_": "torch.optim.SGD", "_partial_": True, "lr": -1.0})
    with pytest.raises(ValueError, match="Invalid") as error:
        partial([torch.nn.Parameter(torch.ones(1))])
    assert explain(error.value) == "Invalid learning rate: -1.0: see optimizer and scheduler in the config"


@pytest.mark.parametrize(
    ("target", "line"),
    [
        ("{}.refuse", "model: give fewer layers"),
        ("{}.too_many", "model: too_many() got an unexpected keyword argument 'a'"),
        ("{}.nothing", "model: there is no 'nothing' in {}"),
        ("{}.needs.Net", "model: the package not_installed is not installed: pip install not_installed"),
        ("{}.bug", None),
    ],
)
def test_what_a_users_own_code_says(
    target: str, line: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"said_{tmp_path.name}".replace("-", "_")
    (tmp_path / name).mkdir()
    (tmp_path / name / "needs.py").write_text("import not_installed\n")
    (tmp_path / name / "__init__.py").write_text(
        dedent("""
            from dlexp.errors import InputError
            def refuse(**_): raise InputError("model: give fewer layers")
            def too_many(): ...
            def bug(**_): return {}["key"]
        """)
    )
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(InstantiationException) as error:
        instantiate({"model": {"_target_": target.format(name), "a": 1}})
    assert explain(error.value) == (line.replace("{}", name) if line else None)


def test_an_input_error_from_deep_inside() -> None:
    inner = InputError("images of 8 pixels are too small")
    error = InstantiationException("Error in call to target 'x.Net':\n...\nfull_key: model")
    error.__cause__ = inner
    assert explain(error) == "images of 8 pixels are too small"


def test_a_model_that_learns_by_hand_on_several_devices() -> None:
    text = "DistributedDataParallel is not needed when a module doesn't have any parameter that requires a gradient."
    assert explain(RuntimeError(text)) == "a task that learns by hand knows one device: set trainer.devices=1"
