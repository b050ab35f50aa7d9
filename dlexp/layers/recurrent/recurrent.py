"""A stack of recurrent layers, one way or both ways, by torch or by hand."""

import torch
from torch import Tensor, nn

from dlexp.arguments import check_count, check_probability
from dlexp.errors import InputError
from dlexp.layers.choice import choose
from dlexp.layers.recurrent.by_hand import WalkedOverTime
from dlexp.layers.recurrent.cell import Cell, State
from dlexp.layers.recurrent.elman import NONLINEARITIES, ElmanCell
from dlexp.layers.recurrent.fused import Fused
from dlexp.layers.recurrent.gru import GruCell
from dlexp.layers.recurrent.initialisation import chrono, identity, orthogonal
from dlexp.layers.recurrent.lstm import LstmCell

CELLS: dict[str, type[Cell]] = {"elman": ElmanCell, "lstm": LstmCell, "gru": GruCell}
LAYERS = {"elman": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}
INITIALISATIONS = ("default", "orthogonal", "identity")


class Recurrent(nn.Module):
    """`layers` layers of `cell` (elman, lstm, gru), each of two directions where `bidirectional`.

    `implementation` is `torch` (fused, fast) or `scratch` (our own cells, step by step): from the same seed both begin
    with the same weights and give the same numbers, up to rounding. `initialisation` of the hidden weights is `default`
    (uniform within 1 / sqrt(H)), `orthogonal`, or of an Elman cell `identity`, which makes its input weights small;
    `chrono` sets the forget gates for memories of up to so many steps, or is None. `activation` is that of an Elman
    cell, the others have theirs. `dropout` acts on what one layer tells the next.
    """

    def __init__(
        self,
        *,
        cell: str,
        input_size: int,
        hidden_size: int,
        layers: int,
        bidirectional: bool,
        dropout: float,
        activation: str,
        implementation: str,
        initialisation: str,
        chrono: int | None,
    ) -> None:
        super().__init__()
        check_count("model.hidden_size", hidden_size)
        check_count("model.layers", layers)
        check_probability("model.dropout", dropout)
        self.cell = cell
        self.hidden_size = hidden_size
        self.directions = 2 if bidirectional else 1
        self.output_size = self.directions * hidden_size
        self.states = choose("model.cell", cell, CELLS).states
        choose("model.activation", activation, NONLINEARITIES)
        if cell != "elman" and activation != "tanh":
            raise InputError(f"model.activation={activation}: {cell} has activations of its own, leave it at tanh")
        build = choose("model.implementation", implementation, {"torch": self.fused, "scratch": self.walked})
        sizes = [input_size] + [self.output_size] * (layers - 1)
        self.walks = nn.ModuleList()  # layer by layer, of each the walk forwards and the walk backwards
        for size in sizes:
            for _ in range(self.directions):
                weights = initial_weights(cell, size, hidden_size, initialisation, chrono)
                with torch.random.fork_rng(devices=[]):  # both draw, in ways of their own, what `weights` replace
                    self.walks.append(build(size, weights, activation))
        self.dropout = nn.Dropout(dropout)

    def fused(self, input_size: int, weights: list[Tensor], activation: str) -> Fused:
        more = {"nonlinearity": activation} if self.cell == "elman" else {}
        layer = LAYERS[self.cell](input_size, self.hidden_size, batch_first=True, **more)
        copy(weights, [layer.weight_ih_l0, layer.weight_hh_l0, layer.bias_ih_l0, layer.bias_hh_l0])
        return Fused(layer)

    def walked(self, input_size: int, weights: list[Tensor], activation: str) -> WalkedOverTime:
        more = {"activation": activation} if self.cell == "elman" else {}
        cell = CELLS[self.cell](input_size=input_size, hidden_size=self.hidden_size, **more)
        copy(weights, [cell.from_input.weight, cell.from_state.weight, cell.from_input.bias, cell.from_state.bias])
        return WalkedOverTime(cell)

    def forward(self, x: Tensor, state: State | None = None, lengths: Tensor | None = None) -> tuple[Tensor, State]:
        """Inputs (B, T, D) to outputs (B, T, directions H) and the state after the last step.

        A state's tensors are (B, layers directions, H); None is zeros. Where `lengths` (B,) says that sequences are
        padded at their ends, the walk backwards begins at each one's last step; outputs beyond the end mean nothing,
        nor does the state: see `at_the_end`.
        """
        state = self.zeros(x) if state is None else state
        last: list[State] = []
        for number, walk in enumerate(self.walks):
            first = tuple(part[:, number] for part in state)  # each (B, H)
            backwards = number % self.directions == 1
            if not backwards:
                x = self.dropout(x) if number else x  # (B, T, D) of this layer
                outputs = []
            out, end = walk(reverse(x, lengths) if backwards else x, first)  # (B, T, H)
            outputs.append(reverse(out, lengths) if backwards else out)
            last.append(end)
            if len(outputs) == self.directions:
                x = torch.cat(outputs, dim=2)  # (B, T, directions H)
        return x, tuple(torch.stack(parts, dim=1) for parts in zip(*last, strict=True))

    def zeros(self, x: Tensor) -> State:
        return (x.new_zeros(len(x), len(self.walks), self.hidden_size),) * self.states

    def at_the_end(self, outputs: Tensor, lengths: Tensor | None) -> Tensor:
        """What each direction says after its last step, (B, directions H), of outputs (B, T, directions H)."""
        forwards, backwards = outputs.split([self.hidden_size, self.output_size - self.hidden_size], dim=2)
        if lengths is None:
            end = forwards[:, -1]  # (B, H)
        else:
            end = forwards[torch.arange(len(outputs), device=outputs.device), lengths - 1]  # (B, H)
        return torch.cat([end, backwards[:, 0]], dim=1)


def initial_weights(cell: str, input_size: int, size: int, initialisation: str, longest: int | None) -> list[Tensor]:
    """From the input (gates H, D), from the state (gates H, H), and the two biases (gates H)."""
    rows = CELLS[cell].gates * size
    shapes = ((rows, input_size), (rows, size), (rows,), (rows,))
    weights = [torch.empty(shape).uniform_(-(size**-0.5), size**-0.5) for shape in shapes]
    choose("model.initialisation", initialisation, dict.fromkeys(INITIALISATIONS))
    if initialisation != "default":
        weights[2].zero_()
        weights[3].zero_()
    if initialisation == "orthogonal":
        orthogonal(weights[1])
    if initialisation == "identity":
        if cell != "elman":
            raise InputError(
                "model.initialisation=identity keeps the state of model.cell=elman as it is, but not that of a cell "
                f"with gates, such as {cell}: choose default or orthogonal"
            )
        identity(weights[0], weights[1])
    if longest is not None:
        chrono(cell, weights[2], longest)
        weights[3].zero_()
    return weights


def copy(values: list[Tensor], parameters: list[nn.Parameter]) -> None:
    with torch.no_grad():
        for value, parameter in zip(values, parameters, strict=True):
            parameter.copy_(value)


def reverse(x: Tensor, lengths: Tensor | None) -> Tensor:
    """(B, T, D) backwards in time; of padded sequences the first `lengths` (B,) steps, the rest stays in place."""
    if lengths is None:
        return x.flip(1)
    step = torch.arange(x.shape[1], device=x.device)  # (T,)
    place = lengths[:, None] - 1 - step  # (B, T)
    place = torch.where(place < 0, step, place)
    return x.gather(1, place[:, :, None].expand_as(x))
