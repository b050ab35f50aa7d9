"""A temporal convolutional net: what a recurrent net remembers, it looks up (Bai et al. 2018, arXiv 1803.01271)."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import pad
from torch.nn.utils.parametrizations import weight_norm

from dlexp.arguments import check_count, check_probability
from dlexp.errors import InputError
from dlexp.models.sequence.input_shape import numbers_a_step


class TCN(nn.Module):
    """Sequences (B, T, D) to one number each (B, 1), linear in the channels of the last step.

    Block i of `blocks` has dilation 2^i. InputError if the last step cannot see the first.
    """

    def __init__(
        self, *, input_shape: Sequence[int], channels: int, kernel_size: int, blocks: int, dropout: float
    ) -> None:
        super().__init__()
        check_count("model.channels", channels)
        check_count("model.kernel_size", kernel_size, least=2)
        check_count("model.blocks", blocks)
        check_probability("model.dropout", dropout)
        sizes = [numbers_a_step(input_shape), *[channels] * blocks]
        self.sees = receptive_field(kernel_size, blocks)
        length = input_shape[0]
        if self.sees < length:
            enough = next(n for n in range(blocks, 64) if receptive_field(kernel_size, n) >= length)
            raise InputError(
                f"with model.blocks={blocks} and model.kernel_size={kernel_size} the TCN sees the last {self.sees} of "
                f"{length} steps: set model.blocks={enough}"
            )
        self.blocks = nn.Sequential(
            *(
                ResidualBlock(size, channels, kernel_size=kernel_size, dilation=2**i, dropout=dropout)
                for i, size in enumerate(sizes[:-1])
            )
        )
        self.answer = nn.Linear(channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        features = self.blocks(x.transpose(1, 2))  # (B, C, T)
        return self.answer(features[:, :, -1])  # (B, 1)


class ResidualBlock(nn.Module):
    """Two causal convolutions of the same dilation, and a way around them."""

    def __init__(self, size: int, channels: int, *, kernel_size: int, dilation: int, dropout: float) -> None:
        super().__init__()
        self.before = (kernel_size - 1) * dilation  # zeros ahead of the first step: no step sees a later one
        self.first = weight_norm(nn.Conv1d(size, channels, kernel_size, dilation=dilation))
        self.second = weight_norm(nn.Conv1d(channels, channels, kernel_size, dilation=dilation))
        self.around = nn.Conv1d(size, channels, 1) if size != channels else nn.Identity()
        self.dropout = nn.Dropout1d(dropout)  # whole channels

    def forward(self, x: Tensor) -> Tensor:
        out = x  # (B, D, T)
        for convolution in (self.first, self.second):
            out = self.dropout(torch.relu(convolution(pad(out, (self.before, 0)))))  # (B, C, T)
        return torch.relu(out + self.around(x))


def receptive_field(kernel_size: int, blocks: int) -> int:
    """How many steps, itself included, the last one sees."""
    return 1 + 2 * (kernel_size - 1) * (2**blocks - 1)
