"""Lightning's Trainer as the config asks for it."""

import logging
import os
import warnings
from pathlib import Path
from typing import Any

import torch
from hydra.utils import instantiate
from lightning.pytorch import Callback, Trainer
from lightning.pytorch.loggers import Logger
from omegaconf import DictConfig

from dlexp.checkpoint_io import WholeCheckpoints


def build_trainer(
    cfg: DictConfig, callbacks: list[Callback], loggers: list[Logger], folder: Path, **changes: Any
) -> Trainer:
    """`cfg` is the config's trainer, `changes` go before it."""
    precision = pick_precision(cfg.accelerator) if cfg.precision == "auto" else cfg.precision
    return instantiate(
        cfg,
        precision=precision,
        callbacks=callbacks,
        logger=loggers,
        default_root_dir=str(folder),
        plugins=[WholeCheckpoints()],
        _convert_="all",
        **changes,
    )


def pick_precision(accelerator: str) -> str:
    if accelerator not in ("auto", "gpu", "cuda") or not torch.cuda.is_available():
        return "32-true"
    return "bf16-mixed" if torch.cuda.is_bf16_supported(including_emulation=False) else "16-mixed"


def numbers(metrics: dict[str, torch.Tensor]) -> dict[str, float]:
    return {name: value.item() for name, value in metrics.items()}


def quiet() -> None:
    """Lightning says on every run what the table at the end says better, and warns of choices that are ours."""
    # It also has torch look for a GPU's driver anew at every optimizer step, in case a process forks; none does here
    os.environ["PYTORCH_NVML_BASED_CUDA_CHECK"] = "0"
    for name in ("lightning.pytorch", "lightning.fabric"):
        logging.getLogger(name).setLevel(logging.ERROR)
    for message in (
        ".*is not empty.*",
        ".*LeafSpec.*",
        ".*log_every_n_steps.*",
        ".*callbacks used to create.*",
        ".*sync_dist=True.*",  # torchmetrics has gathered what all ranks saw
        ".*could not find the monitored key.*",  # in an epoch without validation
        ".*configure_optimizers` returned `None`.*",  # a task that makes its steps by hand
        ".*Total length of `list` across ranks is zero.*",  # data.validation=0
        "Initializing zero-element tensors is a no-op",  # a classifier for data without classes: the task refuses it
    ):
        warnings.filterwarnings("ignore", message=message)
