"""The base of synthetic sets without an end: training never sees a sample twice, and nothing is stored."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor

from dlexp.arguments import check_count
from dlexp.data.drawn_splits import check_draw
from dlexp.data.fresh_loader import FreshLoader
from dlexp.data.order import FreshDraws, stream
from dlexp.data.resident_data import ResidentData


class FreshData(ResidentData, ABC):
    """`batches` fresh batches an epoch; `validation` and `test` samples that are the same in every run.

    Training draws by the run's `seed`, the other splits by `draw`.
    """

    def __init__(
        self,
        *,
        batches: int,
        validation: int,
        test: int,
        draw: int,
        batch_size: int,
        eval_batch_size: int,
        seed: int,
    ) -> None:
        super().__init__(batch_size=batch_size, eval_batch_size=eval_batch_size, seed=seed)
        for name, count in (("batches", batches), ("validation", validation), ("test", test)):
            check_count(f"data.{name}", count)
        check_draw(draw)
        self.batches = batches
        self.sizes = {"val": validation, "test": test}
        self.draw = draw

    @abstractmethod
    def sample(self, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Inputs (count, …) and labels (count, …), drawn on the generator's device."""

    def make(self) -> dict[str, tuple[Tensor, Tensor]]:
        """Drawn on the CPU: the same whatever the training device."""
        seeds = stream(self.draw, count=len(self.sizes))
        return {
            split: self.sample(count, torch.Generator().manual_seed(seed))
            for (split, count), seed in zip(self.sizes.items(), seeds, strict=True)
        }

    def train_dataloader(self) -> FreshLoader:
        return FreshLoader(
            sample=self.sample,
            batches=self.batches,
            batch_size=self.batch_size,
            sampler=FreshDraws(seed=self.seed, rank=self.shard()["rank"]),
            device=self.device,
            processed=self.processed,
        )
