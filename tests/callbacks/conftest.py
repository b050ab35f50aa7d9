"""A fit that takes milliseconds, for callbacks to watch."""

import warnings
from collections.abc import Callable

import pytest
import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from torch.utils.data import DataLoader


class Line(LightningModule):
    """Fits y = w x by SGD and logs as our tasks do."""

    def __init__(self) -> None:
        super().__init__()
        self.model = torch.nn.Linear(1, 1, bias=False)
        torch.nn.init.zeros_(self.model.weight)

    def loss(self, batch: tuple[torch.Tensor, torch.Tensor]) -> torch.Tensor:
        x, y = batch
        return (self.model(x) - y).square().mean()

    def training_step(self, batch: tuple[torch.Tensor, torch.Tensor], batch_idx: int) -> torch.Tensor:
        loss = self.loss(batch)
        self.log("train/loss", loss, on_step=False, on_epoch=True)
        return loss

    def validation_step(self, batch: tuple[torch.Tensor, torch.Tensor], batch_idx: int) -> None:
        self.log("val/loss", self.loss(batch))

    def test_step(self, batch: tuple[torch.Tensor, torch.Tensor], batch_idx: int) -> None:
        self.log("test/loss", self.loss(batch))

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=0.1)


def batches(count: int = 4, size: int = 8) -> DataLoader:
    x = torch.arange(count * size, dtype=torch.float32).reshape(count, size, 1) / (count * size)
    return DataLoader([(part, 3 * part) for part in x], batch_size=None)


@pytest.fixture
def fit(tmp_path) -> Callable[..., Trainer]:
    def fit(*callbacks: Callback, test: bool = False, ckpt: str | None = None, **options) -> Trainer:
        trainer = Trainer(
            default_root_dir=tmp_path,
            accelerator="cpu",
            callbacks=list(callbacks),
            enable_progress_bar=False,
            enable_model_summary=False,
            num_sanity_val_steps=0,
            **({"max_epochs": 2, "logger": False, "enable_checkpointing": False} | options),
        )
        module = Line()
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=".*LeafSpec|.*callbacks used to create")
            trainer.fit(module, batches(), batches(2), ckpt_path=ckpt, weights_only=True)
        if test:
            trainer.test(module, batches(2), verbose=False)
        return trainer

    return fit
