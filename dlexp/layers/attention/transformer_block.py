"""A block of a Transformer: look around, look at the memory, think about it."""

from torch import Tensor, nn

from dlexp.layers.attention.multi_head import MultiHeadAttention


class TransformerBlock(nn.Module):
    """Norms come first (Xiong et al. 2020, arXiv 2002.04745), so training needs no warm-up to stay calm.

    With `crossed` it also looks at a memory, as a decoder does.
    """

    def __init__(self, *, size: int, heads: int, dropout: float, crossed: bool) -> None:
        super().__init__()
        attention = {"size": size, "heads": heads, "dropout": dropout}
        self.norm = nn.LayerNorm(size)
        self.attention = MultiHeadAttention(**attention)
        self.cross_norm = nn.LayerNorm(size) if crossed else None
        self.cross_attention = MultiHeadAttention(**attention) if crossed else None
        self.feedforward = nn.Sequential(
            nn.LayerNorm(size), nn.Linear(size, 4 * size), nn.GELU(), nn.Dropout(dropout), nn.Linear(4 * size, size)
        )
        self.dropout = nn.Dropout(dropout)

    def forward(
        self,
        x: Tensor,
        allowed: Tensor | None = None,
        causal: bool = False,
        memory: Tensor | None = None,
        memory_allowed: Tensor | None = None,
    ) -> Tensor:
        """(B, L, size) to the same. `allowed` (B, 1, L or 1, L) and `causal` as MultiHeadAttention takes them;
        `memory` (B, K, size) with its `memory_allowed` (B, 1, 1, K) is for a block that is `crossed`.
        """
        normed = self.norm(x)
        x = x + self.dropout(self.attention(normed, normed, allowed, causal))
        if self.cross_attention is not None:
            x = x + self.dropout(self.cross_attention(self.cross_norm(x), memory, memory_allowed))
        return x + self.dropout(self.feedforward(x))
