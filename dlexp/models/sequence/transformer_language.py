"""A Transformer that reads characters and says which comes next: a decoder without anything to translate."""

import torch
from torch import Tensor, nn

from dlexp.arguments import check_count, check_probability
from dlexp.layers.attention.positions import sinusoids
from dlexp.layers.attention.transformer_block import TransformerBlock


class TransformerLanguage(nn.Module):
    """Characters 0..`characters` (0: unknown), embedded, with sinusoids for their places, through `layers` blocks that
    look at what came before, to logits of the next one.

    It sees `length` characters at a time. Its state is the text before, as far as that matters: what is read in whole
    windows has none, what is read piece by piece has what still fits the window.
    """

    def __init__(
        self, *, characters: int, length: int, size: int, heads: int, layers: int, dropout: float, tied: bool
    ) -> None:
        super().__init__()
        for name, value in (("characters", characters), ("size", size), ("layers", layers)):
            check_count(f"model.{name}", value)
        check_count("model.length", length, least=2)
        check_probability("model.dropout", dropout)
        self.characters = characters
        self.length = length
        self.embedding = nn.Embedding(characters + 1, size)
        self.dropout = nn.Dropout(dropout)
        self.blocks = nn.ModuleList(
            TransformerBlock(size=size, heads=heads, dropout=dropout, crossed=False) for _ in range(layers)
        )
        self.norm = nn.LayerNorm(size)
        self.head = nn.Linear(size, characters + 1)
        nn.init.normal_(self.embedding.weight, std=size**-0.5)  # times its root, as large as the sinusoids
        if tied:
            self.head.weight = self.embedding.weight

    def forward(self, x: Tensor, state: tuple[Tensor, ...] | None = None) -> tuple[Tensor, tuple[Tensor]]:
        """Characters (B, T) int64 to logits (B, T, characters + 1) of those that follow, and the text (B, C) to be read
        before what comes next. Of a longer x than a window only its last `length` characters are read and answered.
        """
        seen = x if state is None else torch.cat([state[0], x], dim=1)
        seen = seen[:, -self.length :]  # (B, W)
        size = self.embedding.embedding_dim
        h = self.embedding(seen) * size**0.5
        h = self.dropout(h + sinusoids(seen.shape[1], size, like=h))  # (B, W, size)
        for block in self.blocks:
            h = block(h, causal=True)
        logits = self.head(self.norm(h[:, -x.shape[1] :]))  # (B, T, characters + 1)
        return logits, (seen[:, 1 - self.length :],)
