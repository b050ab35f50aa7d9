"""Recurrent encoder and decoder, with attention between them or none."""

import torch
from torch import Tensor, nn

from dlexp.arguments import check_count
from dlexp.layers.attention.additive import AdditiveAttention
from dlexp.layers.attention.dot_product import DotProductAttention
from dlexp.layers.choice import choose
from dlexp.layers.decoding.decoder import State
from dlexp.layers.recurrent.recurrent import Recurrent
from dlexp.layers.tokens import FIRST, PAD

ATTENTIONS = {"none": None, "additive": AdditiveAttention, "dot": DotProductAttention}


class RecurrentSeq2Seq(nn.Module):
    """Words (B, S) of tokens to answers, token by token (Sutskever, Vinyals and Le 2014, arXiv 1409.3215).

    The encoder's last state, through a linear layer and a tanh, is the decoder's first. With `attention` (`none`,
    `additive`, `dot`) every output of the decoder also looks at all outputs of the encoder, and what it finds joins the
    output before the letter is chosen (Luong, Pham and Manning 2015, arXiv 1508.04025): the decoder's own steps need
    not wait for that, so a whole answer is trained in one call of the fused layer.
    """

    def __init__(
        self,
        *,
        letters: int,
        cell: str,
        attention: str,
        embedding_size: int,
        hidden_size: int,
        layers: int,
        bidirectional: bool,
        dropout: float,
        implementation: str,
    ) -> None:
        super().__init__()
        check_count("model.letters", letters)
        check_count("model.embedding_size", embedding_size)
        self.tokens = FIRST + letters
        self.embed = nn.Embedding(self.tokens, embedding_size, padding_idx=PAD)
        shared = {
            "cell": cell,
            "input_size": embedding_size,
            "hidden_size": hidden_size,
            "layers": layers,
            "dropout": dropout,
            "activation": "tanh",  # of an Elman cell
            "implementation": implementation,
            "initialisation": "default",
            "chrono": None,
        }
        self.encoder = Recurrent(bidirectional=bidirectional, **shared)
        self.decoder = Recurrent(bidirectional=False, **shared)
        self.layers = layers
        width = self.encoder.output_size
        self.bridge = nn.Linear(width, self.decoder.states * layers * hidden_size)
        build = choose("model.attention", attention, ATTENTIONS)
        self.attention = build and build(query_size=hidden_size, key_size=width, size=hidden_size)
        self.join = nn.Linear(hidden_size + width, hidden_size) if self.attention else None
        self.dropout = nn.Dropout(dropout)
        self.answer = nn.Linear(hidden_size, self.tokens)

    def begin(self, words: Tensor) -> State:
        """What answers to words (B, S) begin with: the decoder's state, each part (B, layers, H), and with attention
        the memory (B, S, E), its keys (B, S, H) and which places are letters (B, 1, S).
        """
        lengths = (words != PAD).sum(1)  # (B,)
        memory, _ = self.encoder(self.embed(words), lengths=lengths)  # (B, S, E)
        end = self.encoder.at_the_end(memory, lengths)  # (B, E)
        first = self.bridge(end).tanh().unflatten(1, (self.decoder.states, self.layers, -1))  # (B, states, layers, H)
        if self.attention is None:
            return first.unbind(1)
        return *first.unbind(1), memory, self.attention.keys(memory), (words != PAD)[:, None]

    def step(self, token: Tensor, state: State) -> tuple[Tensor, State]:
        """The last tokens (B,) to logits (B, tokens) of the next, and the state after it."""
        outputs, state = self.read(token[:, None], state)
        return self.answer(self.looked(outputs, state)[0][:, 0]), state

    def forward(self, words: Tensor, given: Tensor) -> Tensor:
        """Logits (B, T, tokens), each of what follows `given` (B, T) up to its place."""
        outputs, state = self.read(given, self.begin(words))
        return self.answer(self.looked(outputs, state)[0])

    def attention_maps(self, words: Tensor, given: Tensor) -> Tensor | None:
        """(B, T, S): where in the word each token of the answer looks. None without attention."""
        outputs, state = self.read(given, self.begin(words))
        return self.looked(outputs, state)[1]

    def read(self, given: Tensor, state: State) -> tuple[Tensor, State]:
        """The decoder's outputs (B, T, H) over `given` (B, T), and the state after it."""
        parts = self.decoder.states
        outputs, hidden = self.decoder(self.embed(given), state[:parts])
        return outputs, (*hidden, *state[parts:])

    def looked(self, outputs: Tensor, state: State) -> tuple[Tensor, Tensor | None]:
        """Outputs (B, T, H) joined by what they have found in the memory, and weights (B, T, S)."""
        if self.attention is None:
            return self.dropout(outputs), None
        memory, keys, allowed = state[self.decoder.states :]
        context, weights = self.attention(outputs, keys, memory, allowed)  # (B, T, E), (B, T, S)
        joined = self.join(torch.cat([outputs, context], dim=2)).tanh()  # (B, T, H)
        return self.dropout(joined), weights
