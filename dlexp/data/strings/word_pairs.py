"""The base of sets of words and their right answers, both rows of tokens."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from string import ascii_lowercase
from typing import Any

import torch
from torch import Tensor

from dlexp.data.fresh_data import FreshData
from dlexp.errors import InputError
from dlexp.layers.tokens import END, FIRST, PAD


class WordPairs(FreshData, ABC):
    """Words (N, S) of the alphabet's first `letters`, their lengths drawn evenly from `shortest` to `longest` = S, and
    right answers (N, T) that end with END: int64, padded at their ends.
    """

    def __init__(
        self,
        *,
        letters: int,
        shortest: int,
        longest: int,
        input_shape: Sequence[int],
        num_classes: int,
        batches: int,
        validation: int,
        test: int,
        draw: int,
        batch_size: int,
        eval_batch_size: int,
        seed: int,
    ) -> None:
        super().__init__(
            batches=batches,
            validation=validation,
            test=test,
            draw=draw,
            batch_size=batch_size,
            eval_batch_size=eval_batch_size,
            seed=seed,
        )
        most = len(ascii_lowercase)
        if not isinstance(letters, int) or not 1 <= letters <= most:
            raise InputError(f"data.letters={letters}: give how many letters there are, 1 to {most} (a to z)")
        for name, length in (("shortest", shortest), ("longest", longest)):
            if not isinstance(length, int) or length < 1:
                raise InputError(f"data.{name}={length}: give a number of letters, 1 or more")
        if shortest > longest:
            raise InputError(f"data.shortest={shortest} is more than data.longest={longest}: no word has such a length")
        if num_classes:
            raise InputError(f"data.num_classes={num_classes}: words have no classes, leave it at 0")
        if list(input_shape) != [longest]:
            raise InputError(f"data.input_shape={list(input_shape)}: words of up to {longest} letters have [{longest}]")
        self.letters = letters
        self.shortest = shortest
        self.longest = longest
        self.input_shape = list(input_shape)
        self.num_classes = num_classes

    @property
    def problem(self) -> dict[str, int]:
        """What makes it harder: runs that differ in these are not ranked with each other."""
        return {"data.letters": self.letters, "data.shortest": self.shortest, "data.longest": self.longest}

    @property
    def alphabet(self) -> str:
        return ascii_lowercase[: self.letters]

    @property
    def preprocessing(self) -> dict[str, Any]:
        """What a later reader of the checkpoint needs: letters, the token of the first, and the longest word."""
        return {"alphabet": self.alphabet, "first": FIRST, "longest": self.longest}

    @abstractmethod
    def answer(self, words: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """The right answers to words (N, S) of `lengths` (N, 1): letters (N, A), anything after their ends, and their
        own lengths (N, 1).
        """

    def sample(self, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        return self.of_lengths(self.shortest, self.longest, count, generator)

    def of_lengths(self, shortest: int, longest: int, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor]:
        """Words (count, longest) and right answers (count, T), drawn on the generator's device."""
        drawn = {"generator": generator, "device": generator.device}
        lengths = torch.randint(shortest, longest + 1, (count, 1), **drawn)  # (N, 1)
        letters = torch.randint(FIRST, FIRST + self.letters, (count, longest), **drawn)  # (N, S)
        words = padded(letters, lengths)
        answers, lengths = self.answer(words, lengths)  # (N, A), (N, 1)
        answers = torch.nn.functional.pad(padded(answers, lengths), (0, 1), value=PAD)  # (N, A + 1): room for END
        return words, answers.scatter_(1, lengths, END)


def padded(tokens: Tensor, lengths: Tensor) -> Tensor:
    """Tokens (N, L), those after the first `lengths` (N, 1) replaced by PAD."""
    return tokens.masked_fill(torch.arange(tokens.shape[1], device=tokens.device) >= lengths, PAD)
