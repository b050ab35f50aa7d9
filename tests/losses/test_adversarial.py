"""Losses of both players against numbers by hand, the gradient penalty against autograd and finite differences."""

import math

import pytest
import torch
from torch import nn

from dlexp.losses.adversarial import GAMES, gradient_penalty, hinge, non_saturating, wasserstein

REAL, FAKE = torch.tensor([2.0, -1.0]), torch.tensor([0.5, -3.0])


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def test_non_saturating_by_hand():
    """Goodfellow's value function, and -log D(G(z)) in place of log(1 - D(G(z)))."""
    real = -(math.log(sigmoid(2)) + math.log(sigmoid(-1))) / 2
    fake = -(math.log(1 - sigmoid(0.5)) + math.log(1 - sigmoid(-3))) / 2
    assert non_saturating.discriminator(REAL, FAKE).item() == pytest.approx(real + fake)
    assert non_saturating.generator(FAKE).item() == pytest.approx(-(math.log(sigmoid(0.5)) + math.log(sigmoid(-3))) / 2)
    assert non_saturating.read(REAL).tolist() == pytest.approx([sigmoid(2), sigmoid(-1)])


def test_a_discriminator_that_guesses_loses_log_4():
    even = torch.zeros(5)
    assert non_saturating.discriminator(even, even).item() == pytest.approx(math.log(4))


def test_hinge_by_hand():
    assert hinge.discriminator(REAL, FAKE).item() == pytest.approx((0 + 2) / 2 + (1.5 + 0) / 2)
    assert hinge.generator(FAKE).item() == pytest.approx(1.25)
    assert torch.equal(hinge.read(REAL), REAL)


def test_wasserstein_by_hand():
    assert wasserstein.discriminator(REAL, FAKE).item() == pytest.approx(-1.25 - 0.5)
    assert wasserstein.generator(FAKE).item() == pytest.approx(1.25)
    assert torch.equal(wasserstein.read(FAKE), FAKE)


@pytest.mark.parametrize("name", GAMES)
def test_each_player_wants_the_opposite_of_a_generated_image(name):
    """A higher score of what is real helps the discriminator, of what is generated the generator alone."""
    game = GAMES[name]
    real, fake = (torch.zeros(3, requires_grad=True) for _ in range(2))
    by_real, by_fake = torch.autograd.grad(game.discriminator(real, fake), (real, fake))
    (by_drawn,) = torch.autograd.grad(game.generator(fake), fake)
    assert (by_real < 0).all()
    assert (by_fake > 0).all()
    assert (by_drawn < 0).all()


@pytest.mark.parametrize("name", GAMES)
def test_scores_far_from_zero_stay_finite_and_the_generator_learns_on(name):
    game = GAMES[name]
    fake = torch.full((2,), -1e4, requires_grad=True)  # found out without doubt
    loss = game.generator(fake)
    (slope,) = torch.autograd.grad(loss, fake)
    assert loss.isfinite()
    assert slope.tolist() == pytest.approx([-0.5, -0.5])
    assert game.discriminator(-fake, -fake).isfinite()


def test_the_penalty_of_a_linear_score_is_that_of_its_weights():
    """Its gradient is w everywhere: (|w| - 1)², and 2 (|w| - 1) w / |w| to the weights."""
    weights = torch.tensor([3.0, -4.0, 0.0, 0.0], requires_grad=True)
    real, fake = torch.rand(2, 6, 1, 2, 2, generator=torch.Generator().manual_seed(0))
    penalty = gradient_penalty(lambda x: x.flatten(1) @ weights, real, fake, torch.linspace(0, 1, 6))
    penalty.backward()
    assert penalty.item() == pytest.approx(16)
    assert weights.grad.tolist() == pytest.approx([2 * 4 * 0.6, -2 * 4 * 0.8, 0, 0])


def test_the_penalty_is_taken_between_real_and_generated():
    """Of the score sum(x²) / 2 the gradient is x itself: its norm tells where it was taken."""
    real, fake = torch.tensor([[4.0, 0.0]] * 3), torch.tensor([[0.0, 3.0]] * 3)
    share = torch.tensor([1.0, 0.0, 0.5])
    penalty = gradient_penalty(lambda x: x.square().sum(1) / 2, real, fake, share)
    assert penalty.item() == pytest.approx(((4 - 1) ** 2 + (3 - 1) ** 2 + (2.5 - 1) ** 2) / 3)


def test_its_gradients_by_the_weights_equal_finite_differences():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Flatten(), nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 1), nn.Flatten(0)).double()
    real, fake = torch.randn(2, 3, 1, 2, 2, dtype=torch.double)
    share = torch.tensor([0.2, 0.5, 0.9], dtype=torch.double)
    weights = network[1].weight

    def penalty(changed: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            weights.copy_(changed)
        return gradient_penalty(network, real, fake, share)

    start, step = weights.detach().clone(), 1e-6
    (found,) = torch.autograd.grad(penalty(start), weights)
    for place in ((0, 0), (2, 1), (4, 3)):
        change = torch.zeros_like(start)
        change[place] = step
        slope = (penalty(start + change) - penalty(start - change)) / (2 * step)
        assert found[place].item() == pytest.approx(slope.item(), rel=1e-5)
    with torch.no_grad():  # also where nobody asks for gradients, as in validation
        assert penalty(start).isfinite()


def test_a_score_without_a_slope_has_a_penalty_and_a_gradient_that_are_numbers():
    weights = torch.zeros(4, requires_grad=True)
    real, fake = torch.rand(2, 3, 1, 2, 2)
    penalty = gradient_penalty(lambda x: x.flatten(1) @ weights, real, fake, torch.rand(3))
    penalty.backward()
    assert penalty.item() == 1
    assert weights.grad.isfinite().all()
