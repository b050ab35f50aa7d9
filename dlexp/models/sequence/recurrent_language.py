"""A recurrent net that reads characters and says which comes next."""

from torch import Tensor, nn

from dlexp.arguments import check_count
from dlexp.errors import InputError
from dlexp.layers.recurrent.cell import State
from dlexp.layers.recurrent.recurrent import Recurrent


class RecurrentLanguage(nn.Module):
    """Characters 0..`characters` (0: unknown), embedded, through `layers` layers of `cell`, to logits of the next one.

    `dropout` acts on what goes into and comes out of each layer, not from step to step (Zaremba, Sutskever and Vinyals
    2014, arXiv 1409.2329). With `tied` the embedding is the output's matrix as well (Press and Wolf 2017, arXiv
    1608.05859). The other arguments are Recurrent's.
    """

    def __init__(
        self,
        *,
        characters: int,
        cell: str,
        embedding_size: int,
        hidden_size: int,
        layers: int,
        dropout: float,
        tied: bool,
        activation: str,
        implementation: str,
        initialisation: str,
        chrono: int | None,
    ) -> None:
        super().__init__()
        check_count("model.characters", characters)
        check_count("model.embedding_size", embedding_size)
        self.characters = characters
        self.recurrent = Recurrent(
            cell=cell,
            input_size=embedding_size,
            hidden_size=hidden_size,
            layers=layers,
            bidirectional=False,
            dropout=dropout,
            activation=activation,
            implementation=implementation,
            initialisation=initialisation,
            chrono=chrono,
        )
        self.embedding = nn.Embedding(characters + 1, embedding_size)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(hidden_size, characters + 1)
        if tied:
            if embedding_size != hidden_size:
                raise InputError(
                    f"model.tied=true takes one matrix for both ends: set model.embedding_size={hidden_size}, the same "
                    "as model.hidden_size"
                )
            self.embedding.weight = self.head.weight

    def forward(self, x: Tensor, state: State | None = None) -> tuple[Tensor, State]:
        """Characters (B, T) int64 to logits (B, T, characters + 1) of those that follow, and the state after them.

        A state's tensors are (B, layers, H); None is zeros, before any text.
        """
        embedded = self.dropout(self.embedding(x))  # (B, T, D)
        outputs, state = self.recurrent(embedded, state)  # (B, T, H)
        return self.head(self.dropout(outputs)), state
