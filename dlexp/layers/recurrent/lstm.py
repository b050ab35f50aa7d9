"""Long short-term memory: what the cell holds is added to, not multiplied through, and so it lasts."""

from typing import ClassVar

from torch import Tensor

from dlexp.layers.recurrent.cell import Cell, State


class LstmCell(Cell):
    """c' = forget c + input tanh(…), h' = output tanh(c') (Hochreiter and Schmidhuber 1997; Gers et al. 2000)."""

    gates: ClassVar[int] = 4
    states: ClassVar[int] = 2

    def step(self, given: Tensor, state: State) -> State:
        h, c = state  # (B, H), (B, H)
        admit, forget, candidate, reveal = (given + self.from_state(h)).chunk(4, dim=1)  # each (B, H)
        c = forget.sigmoid() * c + admit.sigmoid() * candidate.tanh()
        h = reveal.sigmoid() * c.tanh()
        return h, c
