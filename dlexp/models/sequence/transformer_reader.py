"""A Transformer encoder that reads a sequence at once and then says one number."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from dlexp.arguments import check_count, check_probability
from dlexp.layers.attention.positions import sinusoids
from dlexp.layers.attention.transformer_block import TransformerBlock
from dlexp.models.sequence.input_shape import numbers_a_step


class TransformerReader(nn.Module):
    """Sequences (B, T, D) to one number each (B, 1), linear in what a learned vector ahead of the steps has gathered
    from them (as the class token of Devlin et al. 2018, arXiv 1810.04805).
    """

    def __init__(self, *, input_shape: Sequence[int], size: int, heads: int, blocks: int, dropout: float) -> None:
        super().__init__()
        for name, count in (("size", size), ("heads", heads), ("blocks", blocks)):
            check_count(f"model.{name}", count)
        check_probability("model.dropout", dropout)
        self.size = size
        self.embed = nn.Linear(numbers_a_step(input_shape), size)
        self.reader = nn.Parameter(torch.randn(size) * size**-0.5)
        self.blocks = nn.ModuleList(
            TransformerBlock(size=size, heads=heads, dropout=dropout, crossed=False) for _ in range(blocks)
        )
        self.norm = nn.LayerNorm(size)
        self.answer = nn.Linear(size, 1)

    def forward(self, x: Tensor) -> Tensor:
        steps = self.embed(x)  # (B, T, E)
        steps = steps + sinusoids(x.shape[1], self.size, like=steps)
        seen = torch.cat([self.reader.expand(len(x), 1, -1), steps], dim=1)  # (B, 1 + T, E)
        for block in self.blocks:
            seen = block(seen)
        return self.answer(self.norm(seen[:, 0]))  # (B, 1)
