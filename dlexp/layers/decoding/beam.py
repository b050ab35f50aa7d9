"""Beam search: several answers are followed at a time, and the likeliest wins."""

import torch
from torch import Tensor

from dlexp.layers.decoding.decoder import Decoder, sayable
from dlexp.layers.tokens import BEGIN, END, PAD


def beam_search(model: Decoder, words: Tensor, most: int, *, beam: int, length_power: float) -> Tensor:
    """Answers (B, T), T up to `most`, to words (B, S); after its END each is padded.

    An answer's score is its log-probability over its length (with END) to the power of `length_power` (Wu et al. 2016,
    arXiv 1609.08144, use powers too): 0 compares probabilities, 1 means per token. The `beam` best are kept at each
    step, ended or not. It stops when no answer that goes on can overtake the best that has ended.
    """
    rows = torch.arange(len(words), device=words.device)[:, None]  # (B, 1)
    state = tuple(part.repeat_interleave(beam, dim=0) for part in model.begin(words))
    token = torch.full((len(words) * beam,), BEGIN, device=words.device)  # (B K,)
    total = torch.full((len(words), beam), -torch.inf, device=words.device)  # (B, K) log-probabilities
    total[:, 0] = 0  # all begin alike: one is enough
    ended = torch.zeros_like(total, dtype=torch.bool)
    lengths = torch.zeros_like(total)
    answers = words[:, None, :0].expand(-1, beam, -1)  # (B, K, t)
    for _ in range(most):
        logits, state = model.step(token, state)
        going = sayable(logits).log_softmax(1).unflatten(0, (-1, beam))  # (B, K, V)
        going = going.masked_fill(ended[:, :, None], -torch.inf)
        going[:, :, PAD].masked_fill_(ended, 0)  # what has ended is padded, at no cost
        totals = total[:, :, None] + going  # (B, K, V)
        steps = lengths + (~ended).float()  # (B, K)
        order = (totals / steps[:, :, None] ** length_power).flatten(1).topk(beam).indices  # (B, K)
        parent, token = order // going.shape[2], order % going.shape[2]  # (B, K) each
        total, lengths = totals.flatten(1).gather(1, order), steps.gather(1, parent)
        ended = ended.gather(1, parent) | (token == END)
        answers = torch.cat([answers[rows, parent], token[:, :, None]], dim=2)
        state = tuple(part[(rows * beam + parent).flatten()] for part in state)
        token = token.flatten()
        if settled(total, lengths, ended, most, length_power):
            break
    score = total / lengths**length_power
    return answers[rows[:, 0], score.argmax(1)]


def settled(total: Tensor, lengths: Tensor, ended: Tensor, most: int, length_power: float) -> bool:
    """Whether in each row the best answer that has ended beats whatever may become of those that go on: these only lose
    probability, and are at most `most` long.
    """
    best = (total / lengths**length_power).masked_fill(~ended, -torch.inf).amax(1)  # (B,)
    hope = (total / most**length_power).masked_fill(ended, -torch.inf).amax(1)  # (B,)
    return bool((best >= hope).all())
