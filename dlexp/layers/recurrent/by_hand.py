"""A cell of our own walked over time: what torch's fused layers do, step by step."""

import torch
from torch import Tensor, nn

from dlexp.layers.recurrent.cell import Cell, State


class WalkedOverTime(nn.Module):
    """Inputs (B, T, D) to outputs (B, T, H) and the last state, each tensor (B, H)."""

    def __init__(self, cell: Cell) -> None:
        super().__init__()
        self.cell = cell

    def forward(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        outputs = []
        for given in self.cell.from_input(x).unbind(1):  # (B, gates H), T times
            state = self.cell.step(given, state)
            outputs.append(state[0])  # h (B, H)
        return torch.stack(outputs, dim=1), state
