"""Finds and reads the checkpoint that a run has left, or says in one line why it cannot be read."""

from pathlib import Path
from typing import Any

from dlexp.errors import InputError


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Its content, on the CPU and mapped from the file: `state_dict`, `hyper_parameters` (the config) and more."""
    if not path.is_file():
        raise InputError(f"there is no checkpoint at {path}: give the path of a last.ckpt or best.ckpt")

    import torch

    try:
        checkpoint = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
        _ = checkpoint["state_dict"], checkpoint["hyper_parameters"]["model"]
    except Exception as error:
        raise InputError(f"{path} is not a checkpoint of dlexp, or it is damaged: {type(error).__name__}") from error
    return checkpoint


def best_checkpoint(folder: Path) -> Path:
    """In a run's folder. InputError if it has none."""
    for name in ("best.ckpt", "last.ckpt"):
        path = folder / "checkpoints" / name
        if path.is_file():
            return path
    raise InputError(f"{folder} has no checkpoint: only a run that was trained can be tested or asked")


def find_checkpoint(run: Path) -> Path:
    """Of a run's folder, or `run` itself where it is a checkpoint."""
    return run if run.suffix == ".ckpt" else best_checkpoint(run)
