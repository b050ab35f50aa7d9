"""figures/word_map.png: the commonest words on a plane, those with like vectors beside each other."""

from pathlib import Path

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from torch.nn.functional import normalize

from dlexp.callbacks.counts import check_counts
from dlexp.callbacks.figures import keep_figure
from dlexp.errors import InputError


class WordMap(Callback):
    """Shows the `most` commonest words that are neither function words of English nor in `leave_out`.

    The task has `vectors` (V, D), the data `counts`, the words by their rows.
    """

    def __init__(self, *, folder: str, most: int, leave_out: list[str]) -> None:
        check_counts("word_map", most=most)
        if not isinstance(leave_out, list) or not all(isinstance(word, str) for word in leave_out):
            raise InputError(f"callbacks.word_map.leave_out={leave_out}: give a list of words, such as [thou,thee]")
        self.folder = Path(folder)
        self.most = most
        self.leave_out = leave_out

    def on_test_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if not trainer.is_global_zero or trainer.fast_dev_run:
            return
        from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

        from dlexp.reporting.word_map import FEWEST, word_map

        function_words = ENGLISH_STOP_WORDS.union(self.leave_out)
        rows = {word: row for row, word in enumerate(trainer.datamodule.counts)}
        shown = [word for word in rows if word not in function_words and len(word) > 1][: self.most]
        if len(shown) < FEWEST:
            return
        index = torch.tensor([rows[word] for word in shown], device=pl_module.vectors.device)
        unit = normalize(pl_module.vectors[index], dim=1)  # (N, D)
        keep_figure(trainer, self.folder, "word_map", word_map(unit.cpu().numpy(), shown))
