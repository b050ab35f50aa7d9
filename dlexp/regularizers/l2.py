"""L2: a price on large weights."""

from typing import final

import torch
from torch import Tensor, nn

from dlexp.regularizers.bounds import at_least_zero
from dlexp.regularizers.regularizer import Regularizer


@final
class L2(Regularizer):
    """`strength` times the sum of all squared weights of matrices and filters, not of biases.

    It is part of the loss, so an optimizer that scales gradients, such as Adam, scales this one too; what AdamW calls
    optimizer.weight_decay shrinks the weights beside the loss (Loshchilov and Hutter 2019, arXiv 1711.05101).
    """

    def __init__(self, *, strength: float) -> None:
        self.strength = at_least_zero("regularizer.l2.strength", strength)

    def penalty(self, model: nn.Module, x: Tensor, code: Tensor) -> Tensor:
        squares = [weight.float().square().sum() for weight in model.parameters() if weight.ndim >= 2]
        return self.strength * torch.stack(squares).sum()
