"""torch's recurrent layers behind the same two lines as our own."""

from torch import Tensor, nn

from dlexp.layers.recurrent.cell import State


class Fused(nn.Module):
    """Inputs (B, T, D) to outputs (B, T, H) and the last state, each tensor (B, H)."""

    def __init__(self, layer: nn.RNNBase) -> None:
        super().__init__()
        self.layer = layer  # one direction of one layer, batch first

    def forward(self, x: Tensor, state: State) -> tuple[Tensor, State]:
        first = tuple(part.unsqueeze(0).contiguous() for part in state)  # each (1, B, H)
        outputs, last = self.layer(x, first if len(first) == 2 else first[0])
        return outputs, tuple(part.squeeze(0) for part in (last if len(first) == 2 else (last,)))
