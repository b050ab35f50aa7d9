"""How checkpoints are written: whole or not at all, on any file system, also if the machine stops meanwhile."""

import io
from pathlib import Path
from typing import Any

import torch
from lightning.fabric.plugins.io import TorchCheckpointIO

from dlexp.reporting.atomic import write_bytes


class WholeCheckpoints(TorchCheckpointIO):
    """Lightning drafts a checkpoint in the system's folder for temporary files, which may lie on another disk.

    From there it can only be copied, and a run that is killed while it copies has lost its only checkpoint.
    """

    def save_checkpoint(self, checkpoint: dict[str, Any], path: str | Path, storage_options: Any = None) -> None:
        content = io.BytesIO()
        torch.save(checkpoint, content)
        write_bytes(Path(path), content.getvalue())
