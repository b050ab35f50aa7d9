"""The gated recurrent unit: one gate says how much of the old state stays."""

from typing import ClassVar

from torch import Tensor

from dlexp.layers.recurrent.cell import Cell, State


class GruCell(Cell):
    """h' = keep h + (1 - keep) tanh(W x + reset (U h)) (Cho et al. 2014, arXiv 1406.1078, as cuDNN has it)."""

    gates: ClassVar[int] = 3

    def step(self, given: Tensor, state: State) -> State:
        (h,) = state  # (B, H)
        reset_x, keep_x, new_x = given.chunk(3, dim=1)  # each (B, H)
        reset_h, keep_h, new_h = self.from_state(h).chunk(3, dim=1)  # each (B, H)
        reset, keep = (reset_x + reset_h).sigmoid(), (keep_x + keep_h).sigmoid()
        new = (new_x + reset * new_h).tanh()
        return (new + keep * (h - new),)
