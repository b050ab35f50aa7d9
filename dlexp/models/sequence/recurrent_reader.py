"""A recurrent net that reads a sequence and then says one number."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from dlexp.arguments import check_count
from dlexp.errors import InputError
from dlexp.layers.recurrent.recurrent import Recurrent
from dlexp.models.sequence.input_shape import numbers_a_step


class RecurrentReader(nn.Module):
    """Sequences (B, T, D) to one number each (B, 1), linear in what the net has in mind after the last step, with
    `bidirectional` also in what it has after reading backwards to the first.

    `truncate` is the number of steps that the gradient goes back (truncated back-propagation through time); None lets
    it go to the beginning. As the loss comes at the end alone, the steps before are read to be remembered, not to
    learn from: weights that have learned to remember in the last steps do so in all.

    The other arguments are those of Recurrent.
    """

    def __init__(
        self,
        *,
        input_shape: Sequence[int],
        cell: str,
        hidden_size: int,
        layers: int,
        bidirectional: bool,
        dropout: float,
        activation: str,
        implementation: str,
        initialisation: str,
        chrono: int | None,
        truncate: int | None,
    ) -> None:
        super().__init__()
        if truncate is not None:
            check_count("model.truncate", truncate, otherwise=", of steps, or null for all")
        if truncate is not None and bidirectional:
            raise InputError(
                f"model.truncate={truncate} cuts what a net reads one way, and model.bidirectional=true reads both "
                "ways: set model.truncate=null"
            )
        if dropout and layers == 1:
            raise InputError(f"model.dropout={dropout} acts between layers, and model.layers=1: set model.dropout=0")
        self.truncate = truncate
        self.net = Recurrent(
            cell=cell,
            input_size=numbers_a_step(input_shape),
            hidden_size=hidden_size,
            layers=layers,
            bidirectional=bidirectional,
            dropout=dropout,
            activation=activation,
            implementation=implementation,
            initialisation=initialisation,
            chrono=chrono,
        )
        self.answer = nn.Linear(self.net.output_size, 1)

    def forward(self, x: Tensor) -> Tensor:
        state = None
        if self.truncate is not None and self.truncate < x.shape[1]:
            with torch.no_grad():
                _, state = self.net(x[:, : -self.truncate])
            x = x[:, -self.truncate :]
        outputs, _ = self.net(x, state)  # (B, T, directions H)
        return self.answer(self.net.at_the_end(outputs, None))  # (B, 1)
