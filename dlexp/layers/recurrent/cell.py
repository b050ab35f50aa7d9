"""What the three recurrent cells have in common: what one is told, and what it hands on."""

from abc import ABC, abstractmethod
from typing import ClassVar

from torch import Tensor, nn

State = tuple[Tensor, ...]  # each (B, H): (h,), of an LSTM (h, c)


class Cell(nn.Module, ABC):
    """One time step. Its weights have the order and the two biases of torch's: state dicts fit after renaming.

    The input's part of all gates is one product, made for all time steps at once before the walk begins.
    """

    gates: ClassVar[int]
    states: ClassVar[int] = 1  # how many tensors (B, H) a state holds

    def __init__(self, *, input_size: int, hidden_size: int) -> None:
        super().__init__()
        self.hidden_size = hidden_size
        self.from_input = nn.Linear(input_size, self.gates * hidden_size)
        self.from_state = nn.Linear(hidden_size, self.gates * hidden_size)

    @abstractmethod
    def step(self, given: Tensor, state: State) -> State:
        """`given` (B, gates H) is `from_input` of this time step's input."""
