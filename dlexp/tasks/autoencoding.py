"""Autoencoders: give an image back that has passed through a code."""

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, mse_loss
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from dlexp.errors import InputError
from dlexp.layers.choice import choose
from dlexp.regularizers.regularizer import Regularizer
from dlexp.tasks.epoch_losses import EpochLosses
from dlexp.tasks.image_data_check import check_data
from dlexp.tasks.trial_pass import as_text, check_there_and_back


class Autoencoding(EpochLosses):
    """Trains `model` to give back images (B, C, H, W) of pixels in 0..1.

    In training the encoder sees what `regularizers` have made of the images, one after another; the loss is against
    the clean ones, and the prices of all are added to it. Losses are means over pixels: `mse` of the finished pixels,
    or `bce`, the cross-entropy of a pixel as the probability of white, from what `model.decode` gives before its
    sigmoid. Validation and test report the reconstruction alone, of images as they are.
    """

    num_classes = 0  # no condition: the labels that the methods below are given are for models that have one

    def __init__(
        self,
        *,
        model: nn.Module,
        optimizer: Callable[..., Optimizer],
        scheduler: Callable[..., LRScheduler],
        regularizers: Mapping[str, Regularizer],
        loss: str,
        input_shape: Sequence[int],
        monitor: str,
        mode: str,
    ) -> None:
        super().__init__(model=model, optimizer=optimizer, scheduler=scheduler, monitor=monitor, mode=mode)
        self.example_input_array = torch.zeros(1, *input_shape)  # (1, C, H, W)
        check_model(model, self.example_input_array)
        self.latent_size = model.latent_size
        self.regularizers = dict(regularizers)
        self.score = choose("task.loss", loss, {"mse": self.mse, "bce": self.bce})
        if loss == "bce" and not isinstance(model.output, nn.Sigmoid):
            raise InputError("task.loss=bce takes pixels for probabilities: set model.output=sigmoid")
        priced = {name for name, one in self.regularizers.items() if type(one).penalty is not Regularizer.penalty}
        self.logged |= {f"train/penalty_{name}" for name in priced}
        self.logged |= {f"{stage}/{name}" for stage in ("train", "val", "test") for name in ("loss", "mse")}

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x)  # (B, C, H, W)

    def mse(self, raw: Tensor, x: Tensor) -> Tensor:
        return mse_loss(self.model.output(raw), x)

    def bce(self, raw: Tensor, x: Tensor) -> Tensor:
        return binary_cross_entropy_with_logits(raw, x)

    def setup(self, stage: str) -> None:
        check_data(self.trainer.datamodule, self.num_classes)

    def training_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> Tensor:
        x, _ = batch  # (B, C, H, W)
        seen = x
        for regularizer in self.regularizers.values():
            seen = regularizer.corrupt(seen)
        code = self.model.encode(seen)  # (B, L)
        raw = self.model.decode(code)  # (B, C, H, W)
        loss = self.score(raw, x)
        prices = {name: one.penalty(self.model, seen, code) for name, one in self.regularizers.items()}
        prices = {name: price for name, price in prices.items() if price is not None}
        for price in prices.values():
            loss = loss + price
        with torch.no_grad():
            error = self.mse(raw, x)
        self.note(loss=loss, mse=error, **{f"penalty_{name}": price for name, price in prices.items()})
        return loss

    def validation_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        self.judge("val", batch[0])

    def test_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        self.judge("test", batch[0])

    def judge(self, stage: str, x: Tensor) -> None:
        raw = self.model.decode(self.model.encode(x)).float()  # (B, C, H, W)
        values = {f"{stage}/loss": self.score(raw, x), f"{stage}/mse": self.mse(raw, x)}
        self.log_dict(values, on_step=False, on_epoch=True, batch_size=len(x), sync_dist=True)

    def encode(self, x: Tensor, labels: Tensor) -> Tensor:
        return self.model.encode(x).float()  # (B, L)

    def decode(self, code: Tensor, labels: Tensor) -> Tensor:
        """Images (B, C, H, W), their pixels within 0..1."""
        return self.model.output(self.model.decode(code).float()).clamp(0, 1)

    def reconstruct(self, x: Tensor, labels: Tensor) -> Tensor:
        return self.decode(self.encode(x, labels), labels)  # (B, C, H, W)


def check_model(model: nn.Module, example: Tensor) -> None:
    """Send one image (1, C, H, W) there and back. InputError if that cannot be."""
    if example.ndim != 4:
        raise InputError(
            f"this task reconstructs images, the data's samples are {as_text(example)} numbers: choose another data=…"
        )
    if not all(hasattr(model, part) for part in ("encode", "decode", "output", "latent_size")):
        raise InputError(
            f"model {type(model).__name__} does not encode an image to one code and decode that: choose one such as "
            "model=autoencoder"
        )
    check_there_and_back(model, example)
