"""Greedy decoding: always the likeliest token."""

import torch
from torch import Tensor

from dlexp.layers.decoding.decoder import Decoder, sayable
from dlexp.layers.tokens import BEGIN, END, PAD


def greedy(model: Decoder, words: Tensor, most: int) -> Tensor:
    """Answers (B, T), T up to `most`, to words (B, S); after its END each is padded. It stops when all have ended."""
    state = model.begin(words)
    token = torch.full_like(words[:, 0], BEGIN)  # (B,)
    ended = torch.zeros_like(token, dtype=torch.bool)  # (B,)
    answer = []
    for _ in range(most):
        logits, state = model.step(token, state)
        token = sayable(logits).argmax(1).masked_fill(ended, PAD)
        answer.append(token)
        ended = ended | (token == END)
        if ended.all():
            break
    return torch.stack(answer, dim=1)
