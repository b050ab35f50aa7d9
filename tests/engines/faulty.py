"""A linear classifier that does not come through its first training step."""

import multiprocessing
import os
import signal
import time
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from torch import Tensor, nn


class Faulty(nn.Module):
    def __init__(self, *, fault: str, pixels: int, num_classes: int) -> None:
        super().__init__()
        self.fault = fault
        self.linear = nn.Linear(pixels, num_classes)

    def forward(self, images: Tensor) -> Tensor:
        if self.training:
            getattr(self, self.fault)()
        logits = self.linear(images.flatten(1))
        return logits * float("nan") if self.fault == "diverge" and self.training else logits

    def throw(self) -> None:
        raise RuntimeError("a fault")

    def diverge(self) -> None:
        """In forward: its logits are not numbers."""

    def die(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def sleep(self) -> None:
        time.sleep(0.5)

    def maim(self) -> None:
        if os.environ.get("LOCAL_RANK") == "1":
            self.die()

    def orphan(self) -> None:
        """At the first attempt, of a job whose worker watches over it."""
        mark = Path(HydraConfig.get().runtime.output_dir) / "orphaned"
        if not mark.exists():
            mark.touch()
            os.kill(multiprocessing.parent_process().pid, signal.SIGKILL)
            time.sleep(1)
