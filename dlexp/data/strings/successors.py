"""Say the letter and all that come after it."""

from collections.abc import Sequence
from typing import final

import torch
from torch import Tensor

from dlexp.data.strings.word_pairs import WordPairs
from dlexp.layers.tokens import FIRST


@final
class Successors(WordPairs):
    """w: wxyz. One letter in, up to `letters` out."""

    def __init__(
        self,
        *,
        letters: int,
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
            letters=letters,
            shortest=1,
            longest=1,
            input_shape=input_shape,
            num_classes=num_classes,
            batches=batches,
            validation=validation,
            test=test,
            draw=draw,
            batch_size=batch_size,
            eval_batch_size=eval_batch_size,
            seed=seed,
        )

    def answer(self, words: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        return words[:, :1] + torch.arange(self.letters, device=words.device), FIRST + self.letters - words[:, :1]
