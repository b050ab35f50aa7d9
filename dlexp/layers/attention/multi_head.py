"""Several heads look at once, each at something of its own."""

from torch import Tensor, nn
from torch.nn.functional import scaled_dot_product_attention

from dlexp.errors import InputError
from dlexp.layers.attention.masked_softmax import masked_softmax


class MultiHeadAttention(nn.Module):
    """Vaswani et al. 2017 (arXiv 1706.03762), `size` shared out among `heads`. The fused kernel does the work; the
    weights that figures ask for are computed beside it, in the open.
    """

    def __init__(self, *, size: int, heads: int, dropout: float) -> None:
        super().__init__()
        if heads < 1 or size % heads:
            raise InputError(f"model.heads={heads} does not divide model.size={size}: each head gets an equal part")
        self.heads = heads
        self.dropout = dropout
        self.query = nn.Linear(size, size)
        self.key = nn.Linear(size, size)
        self.value = nn.Linear(size, size)
        self.output = nn.Linear(size, size)

    def split(self, x: Tensor) -> Tensor:
        """(B, heads, L, size / heads), of (B, L, size)."""
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)

    def forward(self, x: Tensor, memory: Tensor, allowed: Tensor | None, causal: bool = False) -> Tensor:
        """(B, Q, size), of queries from x (B, Q, size) and keys and values from memory (B, K, size).

        `allowed` is bool (B, 1, Q or 1, K); `causal` instead lets each place look at itself and those before it.
        """
        q, k, v = self.split(self.query(x)), self.split(self.key(memory)), self.split(self.value(memory))
        dropout = self.dropout if self.training else 0.0
        context = scaled_dot_product_attention(q, k, v, allowed, dropout, is_causal=causal)  # (B, heads, Q, d)
        return self.output(context.transpose(1, 2).flatten(2))

    def weights(self, x: Tensor, memory: Tensor, allowed: Tensor | None) -> Tensor:
        """(B, heads, Q, K): where each head looks."""
        q, k = self.split(self.query(x)), self.split(self.key(memory))
        return masked_softmax(q @ k.transpose(2, 3) * q.shape[-1] ** -0.5, allowed)
