"""What the two players of a GAN lose, by the discriminator's scores of real and generated images."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import relu, softplus


@dataclass(frozen=True)
class Game:
    """Losses () of both players from scores (B,).

    `read` makes of a score what is reported: a probability, or the score. `undecided` is what that is where nobody can
    tell what is real, None where it may be anything.
    """

    discriminator: Callable[[Tensor, Tensor], Tensor]  # of real and generated images
    generator: Callable[[Tensor], Tensor]  # of generated images
    read: Callable[[Tensor], Tensor]
    undecided: float | None


def cross_entropies(real: Tensor, fake: Tensor) -> Tensor:
    """A score is the logit of the probability that an image is real."""
    return softplus(-real).mean() + softplus(fake).mean()


def margins(real: Tensor, fake: Tensor) -> Tensor:
    return relu(1 - real).mean() + relu(1 + fake).mean()


def lead(real: Tensor, fake: Tensor) -> Tensor:
    """The negative of what real images score more."""
    return fake.mean() - real.mean()


def surprise(fake: Tensor) -> Tensor:
    """-log of the probability that generated images are real; its gradient does not vanish where all are found out."""
    return softplus(-fake).mean()


def shortfall(fake: Tensor) -> Tensor:
    return -fake.mean()


def as_it_is(score: Tensor) -> Tensor:
    return score


# Goodfellow et al. 2014, arXiv 1406.2661: the probability that an image is real is reported
non_saturating = Game(cross_entropies, surprise, torch.sigmoid, 0.5)
# Lim and Ye 2017, arXiv 1705.02894
hinge = Game(margins, shortfall, as_it_is, None)
# Arjovsky, Chintala and Bottou 2017, arXiv 1701.07875; something else must bound the discriminator's slope
wasserstein = Game(lead, shortfall, as_it_is, None)

GAMES = {"non_saturating": non_saturating, "hinge": hinge, "wasserstein": wasserstein}


def gradient_penalty(score: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor, share: Tensor) -> Tensor:
    """How far the norm of the score's gradient is from 1, squared, the mean () over images between real and generated.

    `real` and `fake` are (B, …), `share` (B,) in 0..1 says how much of each is real; `score` treats images apart, so
    it has no batch norm (Gulrajani et al. 2017, arXiv 1704.00028). Its weights receive gradients through this.
    """
    share = share.view(-1, *[1] * (real.ndim - 1))  # (B, 1, …)
    between = (share * real + (1 - share) * fake).detach().requires_grad_()
    with torch.enable_grad():
        (slopes,) = torch.autograd.grad(score(between).sum(), between, create_graph=True)  # (B, …)
    return (slopes.flatten(1).norm(dim=1) - 1).square().mean()
