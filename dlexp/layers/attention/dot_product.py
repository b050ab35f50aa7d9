"""Scaled dot-product attention: a query and a key go together as far as they point the same way."""

from torch import Tensor, nn

from dlexp.layers.attention.masked_softmax import masked_softmax


class DotProductAttention(nn.Module):
    """score(q, k) = (W q) (U k) / sqrt(size) (Vaswani et al. 2017, arXiv 1706.03762)."""

    def __init__(self, *, query_size: int, key_size: int, size: int) -> None:
        super().__init__()
        self.query = nn.Linear(query_size, size, bias=False)
        self.key = nn.Linear(key_size, size, bias=False)
        self.scale = size**-0.5

    def keys(self, memory: Tensor) -> Tensor:
        """(B, K, size), of a memory (B, K, key_size): once for all queries."""
        return self.key(memory)

    def forward(self, query: Tensor, keys: Tensor, memory: Tensor, allowed: Tensor | None) -> tuple[Tensor, Tensor]:
        """Context (B, Q, key_size) and weights (B, Q, K) of queries (B, Q, query_size); `allowed` is bool (B, 1, K)."""
        scores = self.query(query) @ keys.transpose(1, 2) * self.scale  # (B, Q, K)
        weights = masked_softmax(scores, allowed)
        return weights @ memory, weights
