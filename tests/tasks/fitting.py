"""What tests of tasks train with: batches as they are, and a trainer that keeps and shows nothing."""

from collections.abc import Iterator
from typing import Any

from lightning.pytorch import Callback, LightningModule, Trainer


class Loader:
    """Batches as they are. torch's DataLoader draws from the global generator."""

    def __init__(self, data: list[Any]) -> None:
        self.data = data

    def __iter__(self) -> Iterator[Any]:
        return iter(self.data)

    def __len__(self) -> int:
        return len(self.data)


def runner(*callbacks: Callback, **options: Any) -> Trainer:
    return Trainer(
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        **({"max_epochs": 1, "callbacks": list(callbacks)} | options),
    )


def fit(module: LightningModule, train: list[Any], val: list[Any] | None = None, **options: Any) -> dict[str, float]:
    """The metrics of the last epoch."""
    trainer = runner(**options)
    trainer.fit(module, Loader(train), Loader(val) if val else None)
    return {name: value.item() for name, value in trainer.callback_metrics.items()}
