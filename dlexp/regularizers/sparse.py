"""Sparse codes: few units are active for an image, by an L1 price or by the mean activation that is wanted."""

from typing import final

from torch import Tensor, nn

from dlexp.errors import InputError
from dlexp.regularizers.bounds import at_least_zero
from dlexp.regularizers.regularizer import Regularizer

NEAR = 1e-6  # as near as a mean activation is taken to come to 0 and 1, where the divergence has no bound


@final
class L1(Regularizer):
    """`strength` times the sum of the code's absolute values, of an image on average.

    The sum, not the mean, over the units: each of them costs the same, however many there are.
    """

    def __init__(self, *, strength: float) -> None:
        self.strength = at_least_zero("regularizer.l1.strength", strength)

    def penalty(self, model: nn.Module, x: Tensor, code: Tensor) -> Tensor:
        return self.strength * code.float().abs().sum(1).mean()


@final
class KLSparsity(Regularizer):
    """`strength` times the sum over units of KL(wanted activation || mean activation), both of a coin's sides.

    A unit's mean is taken over the batch (over all images in Ng 2011, "Sparse autoencoder", CS294A lecture notes): a
    unit may be fully active for some images if it is silent for others. Codes lie in (0, 1).
    """

    def __init__(self, *, activation: float, strength: float) -> None:
        if not 0 < activation < 1:
            raise InputError(
                f"regularizer.kl_sparsity.activation={activation}: give the mean activation that is wanted of each "
                "unit, between 0 and 1"
            )
        self.activation = activation
        self.strength = at_least_zero("regularizer.kl_sparsity.strength", strength)

    def penalty(self, model: nn.Module, x: Tensor, code: Tensor) -> Tensor:
        if not isinstance(model.code_activation, nn.Sigmoid):
            raise InputError(
                "regularizer=kl_sparsity takes the code's units for probabilities: set model.code_activation=sigmoid"
            )
        wanted, mean = self.activation, code.float().mean(0).clamp(NEAR, 1 - NEAR)  # (L,)
        active = wanted * (wanted / mean).log()
        silent = (1 - wanted) * ((1 - wanted) / (1 - mean)).log()
        return self.strength * (active + silent).sum()
