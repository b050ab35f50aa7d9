"""What templates do: a Dataset of PIL images, transforms per sample, a DataLoader, metrics and logs in every step.

`python common_pipeline.py lenet|mlp ARRAYS.npz`
"""

import sys

import numpy as np
import torch
from hooks import EpochInTurn
from lightning.pytorch import LightningModule, Trainer
from networks import network
from PIL import Image
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset
from torchmetrics import MaxMetric, MeanMetric
from torchmetrics.classification import MulticlassAccuracy
from torchvision.transforms import Compose, Normalize, ToTensor


class Digits(Dataset):
    """As torchvision.datasets.MNIST hands them out."""

    def __init__(self, images: Tensor, labels: Tensor) -> None:
        self.images = images  # (N, 28, 28) uint8
        self.labels = labels  # (N,) int64
        self.transform = Compose([ToTensor(), Normalize((0.1307,), (0.3081,))])

    def __len__(self) -> int:
        return len(self.labels)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        image = Image.fromarray(self.images[index].numpy())
        return self.transform(image), int(self.labels[index])  # (1, 28, 28), ()


class Classifier(LightningModule):
    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.net = net
        self.criterion = nn.CrossEntropyLoss()
        self.train_loss, self.val_loss = MeanMetric(), MeanMetric()
        self.train_accuracy, self.val_accuracy = MulticlassAccuracy(10), MulticlassAccuracy(10)
        self.best_val_accuracy = MaxMetric()

    def step(self, batch: tuple[Tensor, Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        images, labels = batch
        logits = self.net(images)
        return self.criterion(logits, labels), logits.argmax(1), labels

    def training_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> Tensor:
        loss, predicted, labels = self.step(batch)
        self.train_loss(loss)
        self.train_accuracy(predicted, labels)
        self.log("train/loss", self.train_loss, on_step=False, on_epoch=True, prog_bar=True)
        self.log("train/accuracy", self.train_accuracy, on_step=False, on_epoch=True, prog_bar=True)
        return loss

    def validation_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        loss, predicted, labels = self.step(batch)
        self.val_loss(loss)
        self.val_accuracy(predicted, labels)
        self.log("val/loss", self.val_loss, on_step=False, on_epoch=True, prog_bar=True)
        self.log("val/accuracy", self.val_accuracy, on_step=False, on_epoch=True, prog_bar=True)

    def on_validation_epoch_end(self) -> None:
        self.best_val_accuracy(self.val_accuracy.compute())
        self.log("val/best_accuracy", self.best_val_accuracy.compute(), sync_dist=True, prog_bar=True)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.AdamW(self.parameters(), lr=1e-3, weight_decay=0.05)


arrays = {name: torch.from_numpy(array) for name, array in np.load(sys.argv[2]).items()}
train = Digits(arrays["train_images"].squeeze(1), arrays["train_labels"])
val = Digits(arrays["val_images"].squeeze(1), arrays["val_labels"])
trainer = Trainer(max_epochs=-1, accelerator="cpu", num_sanity_val_steps=0, callbacks=[EpochInTurn()])
trainer.fit(
    Classifier(network(sys.argv[1])),
    DataLoader(train, batch_size=128, shuffle=True),
    DataLoader(val, batch_size=128),
)
