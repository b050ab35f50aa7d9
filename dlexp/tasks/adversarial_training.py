"""Adversarial training: one network draws, another learns to tell (Goodfellow et al. 2014, arXiv 1406.2661)."""

from collections.abc import Callable, Sequence
from copy import deepcopy
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler
from torch.optim.swa_utils import get_ema_multi_avg_fn

from dlexp.errors import InputError
from dlexp.layers.choice import choose
from dlexp.losses.adversarial import GAMES, gradient_penalty
from dlexp.optim.decay import parameter_groups
from dlexp.tasks.epoch_losses import EpochLosses
from dlexp.tasks.image_data_check import check_data
from dlexp.tasks.trial_pass import as_text, trial_pass


class AdversarialTraining(EpochLosses):
    """Trains `model`'s `generator` and `discriminator` on images (B, C, H, W) of pixels in 0..1.

    A step is a batch, from which the discriminator learns; after every `discriminator_steps` of them the generator
    learns once. Each has the optimizer and the schedule of its own steps, the discriminator with `discriminator_lr`
    times the learning rate (two time scales: Heusel et al. 2017, arXiv 1706.08500). `gradient_penalty` weighs what
    holds the discriminator's slope near 1, `ema_decay` makes an average of the generator's weights, which is what
    generates; with 0 there is none of it.

    score_real and score_fake are the discriminator's mean probability that an image is real, or its mean score where
    the loss knows no probability: in training of the batch before it learned from it, in validation and test of their
    images and of the average's.
    """

    automatic_optimization = False  # of Lightning: it knows one player
    remedy = "lower optimizer.lr or task.discriminator_lr, or train with trainer.precision=32-true"

    def __init__(
        self,
        *,
        model: nn.Module,
        optimizer: Callable[..., Optimizer],
        scheduler: Callable[..., LRScheduler],
        input_shape: Sequence[int],
        loss: str,
        gradient_penalty: float,
        discriminator_steps: int,
        discriminator_lr: float,
        ema_decay: float,
        monitor: str,
        mode: str,
    ) -> None:
        super().__init__(model=model, optimizer=optimizer, scheduler=scheduler, monitor=monitor, mode=mode)
        check_players(model, input_shape)
        self.game = choose("task.loss", loss, GAMES)
        self.gradient_penalty = gradient_penalty
        self.discriminator_steps = discriminator_steps
        self.discriminator_lr = discriminator_lr
        self.latent_size = model.latent_size
        self.num_classes = model.num_classes
        self.check(loss, ema_decay)
        self.example_input_array = torch.zeros(1, self.latent_size)
        self.averaged = deepcopy(model.generator).requires_grad_(False) if ema_decay else None
        self.average = get_ema_multi_avg_fn(ema_decay)
        self.logged |= {"train/generator_loss", "train/discriminator_loss"}
        self.logged |= {f"{stage}/score_{of}" for stage in ("train", "val", "test") for of in ("real", "fake")}
        self.logged |= {"train/gradient_penalty"} if gradient_penalty else set()

    def check(self, loss: str, ema_decay: float) -> None:
        """InputError if an argument cannot be."""
        if self.gradient_penalty < 0:
            raise InputError(f"task.gradient_penalty={self.gradient_penalty}: give a weight, 0 for none")
        if not isinstance(self.discriminator_steps, int) or self.discriminator_steps < 1:
            raise InputError(f"task.discriminator_steps={self.discriminator_steps}: give a number of steps, 1 or more")
        if self.discriminator_lr <= 0:
            raise InputError(f"task.discriminator_lr={self.discriminator_lr}: give a factor on optimizer.lr, above 0")
        if not 0 <= ema_decay < 1:
            raise InputError(f"task.ema_decay={ema_decay}: give a decay below 1, or 0 for no average")
        if self.gradient_penalty and has_batch_norm(self.model.discriminator):
            raise InputError(
                "task.gradient_penalty looks at each image alone, which batch norm does not: set "
                "model.discriminator_norm=none or spectral"
            )
        if loss == "wasserstein" and not self.gradient_penalty and not is_bounded(self.model.discriminator):
            raise InputError(
                "task.loss=wasserstein has no least value where nothing bounds the discriminator: set "
                "task.gradient_penalty=10 or model.discriminator_norm=spectral"
            )

    def setup(self, stage: str) -> None:
        data = self.trainer.datamodule
        check_data(data, self.num_classes)
        if data is not None and data.batch_size == 1 and has_batch_norm(self.model.generator):
            raise InputError("data.batch_size=1: the generator's batch norm has no variance of one, give 2 or more")

    def configure_optimizers(self) -> list[dict[str, Any]]:
        steps = self.trainer.estimated_stepping_batches  # of the discriminator
        generator = self.optimizer(parameter_groups(self.model.generator))
        discriminator = self.optimizer(parameter_groups(self.model.discriminator))
        for group in discriminator.param_groups:
            group["lr"] *= self.discriminator_lr
        return [
            {"optimizer": optimizer, "lr_scheduler": self.scheduler(optimizer, total_steps=total)}
            for optimizer, total in ((generator, max(1, steps // self.discriminator_steps)), (discriminator, steps))
        ]

    def on_train_start(self) -> None:
        if not getattr(self.trainer.model, "find_unused_parameters", True):  # torch's DDP wraps this task
            raise InputError(
                "each step leaves the weights of the other player alone, which DDP must be told: set "
                "trainer.strategy=ddp_find_unused_parameters_true"
            )

    def forward(self, z: Tensor) -> Tensor:
        return self.model.generator(z, self.cycled(len(z)))  # (B, C, H, W)

    def training_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        x, labels = batch  # (B, C, H, W), (B,)
        losses = self.learn_to_tell(x, labels)
        if self.global_step % self.discriminator_steps == 0:
            losses |= self.learn_to_draw(labels)
        self.note(**losses)

    def learn_to_tell(self, x: Tensor, labels: Tensor) -> dict[str, Tensor]:
        """A step of the discriminator. Generated images are of the real ones' classes, which then tell nothing."""
        _, optimizer = self.optimizers()
        _, scheduler = self.lr_schedulers()
        with torch.no_grad():
            drawn = self.model.generator(self.noise(len(x)), labels)  # (B, C, H, W)
        real, fake = (self.model.discriminator(images, labels).float() for images in (x, drawn))  # (B,), (B,)
        loss = self.game.discriminator(real, fake)
        found = {
            "discriminator_loss": loss,
            "score_real": self.game.read(real).mean(),
            "score_fake": self.game.read(fake).mean(),
        }
        if self.gradient_penalty:
            found["gradient_penalty"] = self.penalty(x, drawn, labels)
            loss = loss + self.gradient_penalty * found["gradient_penalty"]
        optimizer.zero_grad()
        self.manual_backward(loss)
        optimizer.step()  # counts as the step
        scheduler.step()
        return found

    def penalty(self, x: Tensor, drawn: Tensor, labels: Tensor) -> Tensor:
        """In full precision, for it squares gradients."""
        share = torch.rand(len(x), device=x.device)  # (B,)
        with torch.autocast(x.device.type, enabled=False):
            return gradient_penalty(partial(self.model.discriminator, labels=labels), x.float(), drawn.float(), share)

    def learn_to_draw(self, labels: Tensor) -> dict[str, Tensor]:
        """A step of the generator, against a discriminator that stays as it is."""
        generator, _ = self.optimizers(use_pl_optimizer=False)
        scheduler, _ = self.lr_schedulers()
        self.toggle_optimizer(generator)  # the discriminator's weights need no gradients
        drawn = self.model.generator(self.noise(len(labels)), labels)  # (B, C, H, W)
        loss = self.game.generator(self.model.discriminator(drawn, labels).float())
        generator.zero_grad()
        self.manual_backward(loss)
        self.untoggle_optimizer(generator)
        # Lightning's own optimizer would count a second step of the same batch: trainer.max_steps, the schedules and
        # the progress in a checkpoint count batches
        self.trainer.strategy.optimizer_step(generator, nothing)
        scheduler.step()
        if self.averaged is not None:
            self.update_average()
        return {"generator_loss": loss}

    def noise(self, size: int) -> Tensor:
        """(B, L) for this rank: all draw the same, and each takes its own."""
        drawn = torch.randn(self.trainer.world_size, size, self.latent_size, device=self.device)
        return drawn[self.global_rank]

    def update_average(self) -> None:
        """Of batch norm's statistics as well: they belong to the weights."""
        pairs = zip(self.averaged.state_dict().values(), self.model.generator.state_dict().values(), strict=True)
        numbers, counts = [], []
        for mean, now in pairs:
            (numbers if mean.is_floating_point() else counts).append((mean, now))
        self.average(*zip(*numbers, strict=True), None)
        for mean, now in counts:
            mean.copy_(now)

    def validation_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        self.judge("val", batch, batch_idx)

    def test_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        self.judge("test", batch, batch_idx)

    def judge(self, stage: str, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        x, labels = batch
        place = batch_idx * self.trainer.world_size + self.global_rank
        drawn = self.generate(len(x), torch.Generator().manual_seed(place), labels)  # the same in every epoch
        scores = {
            f"{stage}/{name}": self.game.read(self.model.discriminator(images, labels).float()).mean()
            for name, images in (("score_real", x), ("score_fake", drawn))
        }
        self.log_dict(scores, on_step=False, on_epoch=True, batch_size=len(x), sync_dist=True)

    def generate(self, n: int, generator: torch.Generator, labels: Tensor | None = None) -> Tensor:
        """float32 (n, C, H, W) in 0..1, drawn by the averaged generator; of classes 0, 1, … in turn, or of `labels`."""
        z = torch.randn(n, self.latent_size, generator=generator).to(self.device)  # (n, L)
        labels = self.cycled(n) if labels is None else labels.to(self.device)
        network = self.model.generator if self.averaged is None else self.averaged
        training = network.training
        try:
            return network.eval()(z, labels).float()
        finally:
            network.train(training)

    def cycled(self, n: int) -> Tensor:
        return torch.arange(n, device=self.device) % max(self.num_classes, 1)  # (n,)


def check_players(model: nn.Module, input_shape: Sequence[int]) -> None:
    if not hasattr(model, "generator") or not hasattr(model, "discriminator"):
        raise InputError(
            f"model {type(model).__name__} has no generator and discriminator, which this task plays against each "
            "other: choose model=gan, dcgan or gan_conditional"
        )
    if len(input_shape) != 3:
        raise InputError(f"this task draws images, and data.input_shape={list(input_shape)}: choose data=digits")
    labels = torch.zeros(1, dtype=torch.int64)
    trial_pass(model.discriminator, torch.zeros(1, *input_shape), labels)
    drawn = trial_pass(model.generator, torch.zeros(1, model.latent_size), labels)  # (1, C, H, W)
    if list(drawn.shape[1:]) != list(input_shape):
        raise InputError(
            f"model {type(model).__name__} draws images of {as_text(drawn)}, the data's are of "
            f"{'x'.join(map(str, input_shape))}: leave model.image_shape at ${{data.input_shape}}"
        )


def has_batch_norm(network: nn.Module) -> bool:
    return any(isinstance(layer, nn.BatchNorm1d | nn.BatchNorm2d) for layer in network.modules())


def is_bounded(network: nn.Module) -> bool:
    return any(map(nn.utils.parametrize.is_parametrized, network.modules()))


def nothing() -> None:
    """An optimizer's closure: all gradients are there."""
