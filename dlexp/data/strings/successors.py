"""Say the first letter and all that come after it."""

import torch
from torch import Tensor

from dlexp.data.strings.word_pairs import WordPairs
from dlexp.layers.tokens import FIRST


class Successors(WordPairs):
    """w: wxyz. One letter in, up to `letters` out; more letters of a word mean nothing."""

    def answer(self, words: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        first = words[:, :1]  # (N, 1)
        return first + torch.arange(self.letters, device=words.device), FIRST + self.letters - first
