"""The simple recurrent net: the new state is the old one and the input, through a non-linearity."""

from typing import ClassVar

from torch import Tensor

from dlexp.layers.choice import choose
from dlexp.layers.recurrent.cell import Cell, State

NONLINEARITIES = {"tanh": Tensor.tanh, "relu": Tensor.relu}


class ElmanCell(Cell):
    """h' = f(W x + U h + b), f = tanh or relu (Elman 1990, Finding structure in time)."""

    gates: ClassVar[int] = 1

    def __init__(self, *, input_size: int, hidden_size: int, activation: str) -> None:
        super().__init__(input_size=input_size, hidden_size=hidden_size)
        self.activation = choose("model.activation", activation, NONLINEARITIES)

    def step(self, given: Tensor, state: State) -> State:
        (h,) = state  # (B, H)
        return (self.activation(given + self.from_state(h)),)
