"""Put the word's letters in order."""

from torch import Tensor

from dlexp.data.strings.word_pairs import WordPairs
from dlexp.layers.tokens import FIRST, PAD


class Sorting(WordPairs):
    """cab: abc. Letters that come twice stay twice."""

    def answer(self, words: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        last = FIRST + self.letters  # after every letter
        return words.masked_fill(words == PAD, last).sort(dim=1).values, lengths
