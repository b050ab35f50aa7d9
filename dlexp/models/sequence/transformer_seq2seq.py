"""A small Transformer: an encoder and a decoder of blocks."""

import torch
from torch import Tensor, nn

from dlexp.arguments import check_count, check_probability
from dlexp.layers.attention.positions import sinusoids
from dlexp.layers.attention.transformer_block import TransformerBlock
from dlexp.layers.decoding.decoder import State
from dlexp.layers.tokens import FIRST, PAD


class TransformerSeq2Seq(nn.Module):
    """Words (B, S) of tokens to answers, token by token (Vaswani et al. 2017, arXiv 1706.03762).

    `from_the_end` adds to each letter of the word its place counted from the end as well: then a fixed distance finds
    the last letter of words of any length.
    """

    def __init__(self, *, letters: int, size: int, heads: int, blocks: int, dropout: float, from_the_end: bool) -> None:
        super().__init__()
        for name, count in (("letters", letters), ("size", size), ("heads", heads), ("blocks", blocks)):
            check_count(f"model.{name}", count)
        check_probability("model.dropout", dropout)
        self.size = size
        self.from_the_end = from_the_end
        self.tokens = FIRST + letters
        self.embed = nn.Embedding(self.tokens, size, padding_idx=PAD)
        shared = {"size": size, "heads": heads, "dropout": dropout}
        self.encoder = nn.ModuleList(TransformerBlock(crossed=False, **shared) for _ in range(blocks))
        self.decoder = nn.ModuleList(TransformerBlock(crossed=True, **shared) for _ in range(blocks))
        self.encoder_norm = nn.LayerNorm(size)
        self.decoder_norm = nn.LayerNorm(size)
        self.end_places = nn.Linear(size, size, bias=False) if from_the_end else None
        self.answer = nn.Linear(size, self.tokens)

    def begin(self, words: Tensor) -> State:
        """What answers to words (B, S) begin with: the memory (B, S, E), which places are letters (B, 1, 1, S), and the
        tokens so far (B, 0).
        """
        letters = words != PAD  # (B, S)
        allowed = letters[:, None, None]
        x = self.placed(words)  # (B, S, E)
        if self.end_places is not None:
            left = (letters.sum(1, keepdim=True) - 1 - torch.arange(words.shape[1], device=words.device)).clamp(min=0)
            x = x + self.end_places(sinusoids(words.shape[1], self.size, like=x)[left])
        for block in self.encoder:
            x = block(x, allowed)
        return self.encoder_norm(x), allowed, words[:, :0]

    def step(self, token: Tensor, state: State) -> tuple[Tensor, State]:
        """The last tokens (B,) to logits (B, tokens) of the next, and the state after it."""
        memory, allowed, before = state
        given = torch.cat([before, token[:, None]], dim=1)  # (B, t)
        state = (memory, allowed, given)
        return self.read(given, state)[:, -1], state

    def forward(self, words: Tensor, given: Tensor) -> Tensor:
        """Logits (B, T, tokens), each of what follows `given` (B, T) up to its place."""
        return self.read(given, self.begin(words))

    def attention_maps(self, words: Tensor, given: Tensor) -> Tensor:
        """(B, T, S): where in the word each token of the answer looks, the mean of the last block's heads."""
        memory, allowed, _ = self.begin(words)
        x = self.placed(given)  # (B, T, E)
        for block in self.decoder[:-1]:
            x = block(x, None, True, memory, allowed)
        last = self.decoder[-1]
        normed = last.norm(x)
        x = x + last.attention(normed, normed, None, True)
        return last.cross_attention.weights(last.cross_norm(x), memory, allowed).mean(1)

    def placed(self, tokens: Tensor) -> Tensor:
        """Tokens (B, L) as vectors (B, L, E) that know their places."""
        x = self.embed(tokens)
        return x + sinusoids(tokens.shape[1], self.size, like=x)

    def read(self, given: Tensor, state: State) -> Tensor:
        memory, allowed, _ = state
        x = self.placed(given)  # (B, T, E)
        for block in self.decoder:
            x = block(x, None, True, memory, allowed)
        return self.answer(self.decoder_norm(x))  # (B, T, tokens)
