"""Say the word backwards."""

import torch
from torch import Tensor

from dlexp.data.strings.word_pairs import WordPairs


class Reversal(WordPairs):
    """abc: cba. Where an answer looks is the word's other end, however long it is."""

    def answer(self, words: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        place = lengths - 1 - torch.arange(words.shape[1], device=words.device)  # (N, S)
        return words.gather(1, place.clamp(min=0)), lengths
