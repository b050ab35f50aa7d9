"""Variational autoencoders: maximise a bound on the likelihood of images (Kingma and Welling 2014, arXiv 1312.6114)."""

import math
from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from dlexp.errors import InputError
from dlexp.layers.choice import choose
from dlexp.losses.variational import (
    bernoulli_log_likelihood,
    gaussian_log_likelihood,
    importance_weighted_bound,
    kl_of_units,
    log_weights,
)
from dlexp.tasks.binarisation import BINARISATIONS, as_they_are, threshold
from dlexp.tasks.epoch_losses import EpochLosses
from dlexp.tasks.image_data_check import check_data
from dlexp.tasks.trial_pass import as_text, check_there_and_back

DECODED = 1024  # codes of images that the test's bound decodes at once
ACTIVE = 0.01  # the variance of a unit's posterior mean from which it counts as used (Burda et al. 2016)


class VariationalAutoencoding(EpochLosses):
    """Trains `model`, an encoder to a Gaussian over codes and a decoder, on images (B, C, H, W) of pixels in 0..1.

    All is in nats per image: `kl`, of the posterior from N(0, I); `reconstruction`, -log p(x | z) of one z, negative
    where a Gaussian density is above 1; `elbo`, the negative of their sum, whatever beta is; `nll`, the negated bound
    by `importance_samples` of z. `samples` above 1 train that bound (Burda et al. 2016, arXiv 1509.00519). `beta`
    weighs the KL (Higgins et al. 2017); over the first `warm_up` epochs its weight rises from 0, step by step.

    likelihood: `bernoulli`, a pixel is the probability of white, or white or black where `binarize` makes it so;
    `gaussian` around the decoder's pixels with the standard deviation `scale` of all, learned as its logarithm, from
    1 on, where that is null.
    binarize: `dynamic` draws white with the pixel's value as its probability, anew for each training batch, but in
    validation and test the same in every epoch and run; `threshold` is white from one half on; `none`.
    """

    def __init__(
        self,
        *,
        model: nn.Module,
        optimizer: Callable[..., Optimizer],
        scheduler: Callable[..., LRScheduler],
        likelihood: str,
        scale: float | None,
        binarize: str,
        beta: float,
        warm_up: float,
        samples: int,
        importance_samples: int,
        input_shape: Sequence[int],
        monitor: str,
        mode: str,
    ) -> None:
        super().__init__(model=model, optimizer=optimizer, scheduler=scheduler, monitor=monitor, mode=mode)
        self.example_input_array = torch.zeros(1, *input_shape)  # (1, C, H, W)
        check_model(model, self.example_input_array)
        self.latent_size = model.latent_size
        self.num_classes = model.num_classes
        self.log_likelihood = choose(
            "task.likelihood", likelihood, {"bernoulli": self.bernoulli, "gaussian": self.gaussian}
        )
        self.binarized = choose("task.binarize", binarize, BINARISATIONS)
        self.beta = beta
        self.warm_up = warm_up
        self.samples = samples
        self.importance_samples = importance_samples
        self.check(likelihood, scale)
        log_scale = torch.tensor(math.log(scale or 1.0))  # ()
        if likelihood == "gaussian" and scale is None:
            self.log_scale = nn.Parameter(log_scale)
        else:
            self.register_buffer("log_scale", log_scale)
        self.draws = torch.Generator()  # of validation and test: the training must not depend on them
        self.logged |= {"train/loss", "train/kl", "train/reconstruction", "test/active_units"}
        self.logged |= {f"{stage}/{name}" for stage in ("val", "test") for name in ("elbo", "kl", "reconstruction")}
        self.logged |= {"test/nll"} if importance_samples else set()

    def check(self, likelihood: str, scale: float | None) -> None:
        """InputError if the arguments cannot be, or not together."""
        for name, least in (("beta", 0), ("warm_up", 0), ("samples", 1), ("importance_samples", 0)):
            value, whole = getattr(self, name), name.endswith("samples")
            if not isinstance(value, int if whole else (int, float)) or value < least:
                raise InputError(f"task.{name}={value}: give a {'whole ' * whole}number, {least} or more")
        if scale is not None and likelihood != "gaussian":
            raise InputError(f"task.scale={scale} is of task.likelihood=gaussian: leave it null, or choose that")
        if scale is not None and not scale > 0:
            raise InputError(f"task.scale={scale}: give a standard deviation above 0, or null to learn it")
        if self.samples > 1 and self.beta != 1:
            raise InputError(
                f"task.samples={self.samples} trains the importance-weighted bound, which has no beta: set task.beta=1 "
                "or task.samples=1"
            )
        if likelihood == "bernoulli" and not isinstance(self.model.output, nn.Sigmoid):
            raise InputError("task.likelihood=bernoulli takes pixels for probabilities: set model.output=sigmoid")

    def setup(self, stage: str) -> None:
        check_data(self.trainer.datamodule, self.num_classes)

    @property
    def learned(self) -> nn.Module:
        return self  # the model and, where it is learned, the scale

    def forward(self, x: Tensor) -> Tensor:
        return self.model(x, torch.zeros(len(x), dtype=torch.int64, device=x.device))  # (B, C, H, W)

    def bernoulli(self, raw: Tensor, x: Tensor) -> Tensor:
        return bernoulli_log_likelihood(raw, x)

    def gaussian(self, raw: Tensor, x: Tensor) -> Tensor:
        return gaussian_log_likelihood(self.model.output(raw), x, self.log_scale)

    def posterior(self, x: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        mean, log_variance = self.model.posterior(x, labels)  # (B, L), (B, L)
        return mean.float(), log_variance.float()

    def given(self, z: Tensor, x: Tensor, labels: Tensor) -> Tensor:
        """log p(x | z) (S, B) of images (B, C, H, W) for codes (S, B, L)."""
        raw = self.model.decode(z.flatten(0, 1), labels.repeat(len(z)))  # (S B, C, H, W)
        return self.log_likelihood(raw.float().unflatten(0, z.shape[:2]), x)

    def kl_weight(self) -> float:
        """Of the next step."""
        steps = self.warm_up * self.trainer.num_training_batches / self.trainer.accumulate_grad_batches
        return self.beta * (min(1.0, self.global_step / steps) if steps else 1.0)

    def training_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> Tensor:
        x, labels = batch  # (B, C, H, W), (B,)
        x = self.binarized(x, None)
        mean, log_variance = self.posterior(x, labels)
        noise = normal(self.samples, mean, None)  # (S, B, L)
        z = mean + (0.5 * log_variance).exp() * noise  # (S, B, L)
        likelihood = self.given(z, x, labels)  # (S, B)
        kl = kl_of_units(mean, log_variance).sum(1).mean()
        reconstruction = -likelihood.mean()
        if self.samples == 1:
            loss = reconstruction + self.kl_weight() * kl
        else:
            weights = likelihood + self.kl_weight() * log_weights(noise, z, log_variance)  # (S, B)
            loss = -importance_weighted_bound(weights).mean()
        self.note(loss=loss, kl=kl, reconstruction=reconstruction)
        return loss

    def on_validation_epoch_start(self) -> None:
        self.draws.manual_seed(self.global_rank)

    def validation_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        self.judge("val", *batch)

    def on_test_epoch_start(self) -> None:
        self.draws.manual_seed(self.global_rank)
        self.sums = torch.zeros(3, self.latent_size, device=self.device)  # KL, posterior mean and its square, by unit
        self.judged = torch.zeros((), device=self.device)  # images

    def test_step(self, batch: tuple[Tensor, Tensor], batch_idx: int) -> None:
        x, mean, log_variance = self.judge("test", *batch)
        self.sums += torch.stack([kl_of_units(mean, log_variance), mean, mean.square()]).sum(1)
        self.judged += len(x)
        if self.importance_samples:
            bound = self.bound(x, batch[1], mean, log_variance)  # (B,)
            self.log("test/nll", -bound.mean(), on_step=False, on_epoch=True, batch_size=len(x), sync_dist=True)

    def on_test_epoch_end(self) -> None:
        sums, judged = (self.trainer.strategy.reduce(part, reduce_op="sum") for part in (self.sums, self.judged))
        self.unit_kl, average, square = sums / judged  # (L,) each
        self.active = square - average.square() > ACTIVE  # (L,)
        self.log("test/active_units", self.active.float().mean())

    def judge(self, stage: str, x: Tensor, labels: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Log a batch's bound; the images as they were judged, and mean and log variance of their codes."""
        x = self.binarized(x, self.draws)
        mean, log_variance = self.posterior(x, labels)
        z = mean + (0.5 * log_variance).exp() * normal(1, mean, self.draws)  # (1, B, L)
        kl = kl_of_units(mean, log_variance).sum(1).mean()
        reconstruction = -self.given(z, x, labels).mean()
        values = {"elbo": -reconstruction - kl, "kl": kl, "reconstruction": reconstruction}
        values = {f"{stage}/{name}": value for name, value in values.items()}
        self.log_dict(values, on_step=False, on_epoch=True, batch_size=len(x), sync_dist=True)
        return x, mean, log_variance

    def bound(self, x: Tensor, labels: Tensor, mean: Tensor, log_variance: Tensor) -> Tensor:
        """The importance-weighted bound (B,), a few samples at a time."""
        weights = []  # (S, B) each
        for samples in parts(self.importance_samples, max(1, DECODED // len(x))):
            noise = normal(samples, mean, self.draws)  # (S, B, L)
            z = mean + (0.5 * log_variance).exp() * noise
            weights.append(self.given(z, x, labels) + log_weights(noise, z, log_variance))
        return importance_weighted_bound(torch.cat(weights))

    def encode(self, x: Tensor, labels: Tensor) -> Tensor:
        """The posterior mean (B, L), of pixels made white or black at one half where the training binarises them."""
        x = x if self.binarized is as_they_are else threshold(x, None)
        return self.posterior(x, labels)[0]

    def decode(self, code: Tensor, labels: Tensor) -> Tensor:
        """Images (B, C, H, W): the likelihood's mean, within 0..1."""
        return self.model.output(self.model.decode(code, labels).float()).clamp(0, 1)

    def reconstruct(self, x: Tensor, labels: Tensor) -> Tensor:
        return self.decode(self.encode(x, labels), labels)  # (B, C, H, W)

    def generate(self, n: int, generator: torch.Generator, labels: Tensor | None = None) -> Tensor:
        """Images (n, C, H, W) of codes from the prior; without `labels` (n,) the classes come in turn."""
        z = torch.randn(n, self.latent_size, generator=generator).to(self.device)
        if labels is None:
            labels = torch.arange(n) % max(self.num_classes, 1)
        return self.decode(z, labels.to(self.device))


def normal(samples: int, like: Tensor, generator: torch.Generator | None) -> Tensor:
    """N(0, I) for each of `like` (B, L), `samples` times: (S, B, L).

    By `generator` on the CPU, or torch's own on the device where it is None.
    """
    if generator is None:
        return torch.randn(samples, *like.shape, device=like.device)
    return torch.randn(samples, *like.shape, generator=generator).to(like.device)


def parts(count: int, most: int) -> Iterator[int]:
    """`count` in parts of `most`, the last smaller."""
    for start in range(0, count, most):
        yield min(most, count - start)


def check_model(model: nn.Module, example: Tensor) -> None:
    """Send one image (1, C, H, W) there and back. InputError if that cannot be."""
    if example.ndim != 4:
        raise InputError(
            f"this task learns images, the data's samples are {as_text(example)} numbers: choose another data=…"
        )
    if not all(hasattr(model, part) for part in ("posterior", "decode", "output", "num_classes", "latent_size")):
        raise InputError(f"model {type(model).__name__} has no Gaussian over codes: choose one such as model=vae")
    check_there_and_back(model, example, torch.zeros(1, dtype=torch.int64))
