"""Reads a checkpoint that a run has left, or says in one line why it cannot be read."""

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
