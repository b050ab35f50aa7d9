"""figures/nearest_words.png: some words, and those whose vectors are nearest to theirs."""

import math
from pathlib import Path

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from torch.nn.functional import normalize

from dlexp.callbacks.counts import check_counts
from dlexp.callbacks.figures import keep_figure
from dlexp.errors import InputError


class NearestWords(Callback):
    """Shows `count` neighbours, by the cosine, of each of `words` that is known; of none, those of the commonest words.

    Function words of English and those in `leave_out` are shown beside one another, and not beside other words.
    The task has `vectors` (V, D), the data `counts`, the words by their rows.
    """

    def __init__(self, *, folder: str, words: list[str], count: int, leave_out: list[str]) -> None:
        check_counts("nearest_words", count=count)
        for key, value in (("words", words), ("leave_out", leave_out)):
            if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
                raise InputError(f"callbacks.nearest_words.{key}={value}: give a list of words, such as [love,night]")
        self.folder = Path(folder)
        self.words = words
        self.count = count
        self.leave_out = leave_out

    def on_test_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if not trainer.is_global_zero or trainer.fast_dev_run:
            return
        from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

        from dlexp.reporting.nearest_words import nearest_words

        function_words = ENGLISH_STOP_WORDS.union(self.leave_out)
        names = list(trainer.datamodule.counts)
        places = {word: row for row, word in enumerate(names)}
        asked = [word for word in self.words if word in places] or names[: max(1, len(self.words))]
        unit = normalize(pl_module.vectors, dim=1)  # (V, D)
        rows = torch.tensor([places[word] for word in asked], device=unit.device)
        cosines = unit[rows] @ unit.T  # (N, V)
        cosines.scatter_(1, rows[:, None], -torch.inf)
        of_function = torch.tensor([word in function_words for word in names], device=unit.device)  # (V,)
        cosines.masked_fill_(of_function & ~of_function[rows, None], -torch.inf)
        best = cosines.topk(min(self.count, len(names) - 1), dim=1)
        found = {
            word: [(names[row], cosine) for row, cosine in zip(*lists, strict=True) if cosine > -math.inf]
            for word, *lists in zip(asked, best.indices.tolist(), best.values.tolist(), strict=True)
        }
        if any(found.values()):
            keep_figure(trainer, self.folder, "nearest_words", nearest_words(found))
