"""Sets that lie on the training device as a whole: what images and tables have in common."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import Any

import torch
from lightning.pytorch import LightningDataModule
from torch import Tensor

from dlexp.arguments import check_count
from dlexp.data.loader import EvalLoader
from dlexp.data.order import ShuffledShard
from dlexp.errors import InputError


class ResidentData(LightningDataModule, ABC):
    """Splits of inputs and labels on the training device. `batch_size` counts the samples of one device."""

    def __init__(self, *, batch_size: int, eval_batch_size: int, seed: int) -> None:
        super().__init__()
        self.batch_size = batch_size
        self.eval_batch_size = eval_batch_size
        self.seed = seed
        self.splits: dict[str, tuple[Tensor, Tensor]] = {}  # {train, val, test: (inputs (N, …), labels (N,))}
        for name in ("batch_size", "eval_batch_size"):
            size = getattr(self, name)
            if not isinstance(size, int) or size < 1:
                raise InputError(f"data.{name}={size}: give a number of samples, 1 or more")
        check_count("seed", seed, least=0)

    @abstractmethod
    def make(self) -> dict[str, tuple[Tensor, Tensor]]:
        """The splits that are kept, on the CPU: 'test', 'val' unless there is none, 'train' unless it is endless."""

    @abstractmethod
    def train_dataloader(self) -> Iterable[Any]:
        """The batches of an epoch."""

    @property
    def prepare(self) -> Callable[[Tensor], Tensor]:
        """What turns inputs as they are kept (B, …) into those that a model sees, on the training device."""
        return _as_they_are

    @property
    def device(self) -> torch.device:
        return self.trainer.strategy.root_device if self.trainer else torch.device("cpu")

    def labels(self, split: str) -> Tensor:
        """(N,): int64, or float32 where they are measurements."""
        return self.splits[split][1]

    def setup(self, stage: str | None = None) -> None:
        self.splits = self.splits or self.make()
        self.splits = {name: (x.to(self.device), y.to(self.device)) for name, (x, y) in self.splits.items()}

    def shuffled(self) -> dict[str, Any]:
        """What a ShuffledLoader of the training split is to be given besides its inputs."""
        labels = self.labels("train")
        sampler = ShuffledShard(size=len(labels), seed=self.seed, **self.shard())
        return {"labels": labels, "batch_size": self.batch_size, "sampler": sampler, "processed": self.processed}

    def val_dataloader(self) -> EvalLoader | list[EvalLoader]:
        return self.eval_dataloader("val") if "val" in self.splits else []

    def test_dataloader(self) -> EvalLoader:
        return self.eval_dataloader("test")

    def eval_dataloader(self, split: str) -> EvalLoader:
        inputs, labels = self.splits[split]
        return EvalLoader(
            inputs=inputs, labels=labels, prepare=self.prepare, batch_size=self.eval_batch_size, **self.shard()
        )

    def shard(self) -> dict[str, int]:
        if self.trainer is None:
            return {"rank": 0, "world_size": 1}
        return {"rank": self.trainer.global_rank, "world_size": self.trainer.world_size}

    def processed(self) -> int:
        """How many batches of this epoch have been trained on."""
        return self.trainer.fit_loop.epoch_loop.batch_progress.current.processed

    def transfer_batch_to_device(self, batch: Any, device: torch.device, dataloader_idx: int) -> Any:
        if batch[0].device == device:
            return batch
        return super().transfer_batch_to_device(batch, device, dataloader_idx)


def _as_they_are(inputs: Tensor) -> Tensor:
    return inputs
