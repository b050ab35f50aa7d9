"""Additive attention: a small net says how well a query and a key go together."""

from torch import Tensor, nn

from dlexp.layers.attention.masked_softmax import masked_softmax


class AdditiveAttention(nn.Module):
    """score(q, k) = v tanh(W q + U k) (Bahdanau, Cho and Bengio 2015, arXiv 1409.0473)."""

    def __init__(self, *, query_size: int, key_size: int, size: int) -> None:
        super().__init__()
        self.query = nn.Linear(query_size, size, bias=False)
        self.key = nn.Linear(key_size, size)
        self.score = nn.Linear(size, 1, bias=False)

    def keys(self, memory: Tensor) -> Tensor:
        """(B, K, size), of a memory (B, K, key_size): once for all queries."""
        return self.key(memory)

    def forward(self, query: Tensor, keys: Tensor, memory: Tensor, allowed: Tensor | None) -> tuple[Tensor, Tensor]:
        """Context (B, Q, key_size) and weights (B, Q, K) of queries (B, Q, query_size); `allowed` is bool (B, 1, K)."""
        joined = self.query(query)[:, :, None] + keys[:, None]  # (B, Q, K, size)
        weights = masked_softmax(self.score(joined.tanh()).squeeze(-1), allowed)  # (B, Q, K)
        return weights @ memory, weights
