"""figures/attention_maps.png and figures/mistakes.png: where an answer looks, and what goes wrong."""

from collections.abc import Sequence
from pathlib import Path

import torch
from lightning.pytorch import Callback, LightningModule, Trainer
from torch import Tensor

from dlexp.callbacks.counts import check_counts
from dlexp.callbacks.figures import keep_figure
from dlexp.layers.tokens import BEGIN, END, FIRST, PAD

END_SIGN = "·"


class TransductionFigures(Callback):
    """Of the best epoch and its free answers to the test split: where `words` answers look, and `mistakes` of them. Of
    several processes, the first shows its share of the split.

    The data offers `alphabet`, the task's test step returns answers (B, T), its model offers `attention_maps` (None
    where there is no attention).
    """

    def __init__(self, *, folder: str, words: int, mistakes: int) -> None:
        check_counts("transduction_figures", words=words, mistakes=mistakes)
        self.folder = Path(folder)
        self.words = words
        self.mistakes = mistakes
        self.answered: list[Sequence[Tensor]] = []  # of each batch words (B, S), right answers (B, T), answers (B, T)

    def on_test_start(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.answered = []

    def on_test_batch_end(
        self,
        trainer: Trainer,
        pl_module: LightningModule,
        outputs: Tensor,
        batch: Sequence[Tensor],
        batch_idx: int,
        dataloader_idx: int = 0,
    ) -> None:
        self.answered.append((*batch, outputs))

    def on_test_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if not trainer.is_global_zero or trainer.fast_dev_run:
            return
        from dlexp.reporting.transduction import attention_maps, mistakes

        alphabet = trainer.datamodule.alphabet
        words, right, said = map(torch.cat, zip(*self.answered, strict=True))  # (N, S), (N, T), (N, T)
        chosen = different_lengths(words, self.words)
        with torch.no_grad(), trainer.precision_plugin.forward_context():
            given = torch.nn.functional.pad(said[chosen, :-1], (1, 0), value=BEGIN)  # (M, T)
            maps = pl_module.model.attention_maps(words[chosen], given)  # (M, T, S)
        if maps is not None:
            panels = []
            for word, answer, weights in zip(words[chosen], said[chosen], maps.float().cpu().numpy(), strict=True):
                read, spoken = letters(word, alphabet), letters(answer, alphabet)
                panels.append((read, spoken, weights[: len(spoken), : len(read)]))
            keep_figure(trainer, self.folder, "attention_maps", attention_maps(panels))
        wrong = ((said != right) & (right != PAD)).any(1)  # (N,)
        shown = wrong.nonzero()[:, 0] if wrong.any() else torch.arange(len(words))
        rows = [
            tuple("".join(letters(line, alphabet)).removesuffix(END_SIGN) for line in lines)
            for lines in zip(*(part[shown[: self.mistakes]] for part in (words, said, right)), strict=True)
        ]
        figure = mistakes(rows, wrong=int(wrong.sum()), of=len(words))
        keep_figure(trainer, self.folder, "mistakes", figure)


def different_lengths(words: Tensor, count: int) -> Tensor:
    """Indices (count or fewer,) of words (N, S) from the longest to the shortest, evenly spread."""
    order = (words != PAD).sum(1).argsort(descending=True, stable=True)
    return order[torch.linspace(0, len(order) - 1, min(count, len(order)), device=order.device).round().long()]


def letters(tokens: Tensor, alphabet: str) -> list[str]:
    """Tokens (L,) as letters, up to the END, which is one of them, or the padding."""
    found = []
    for token in tokens.tolist():
        if token == PAD:
            break
        found.append(END_SIGN if token == END else alphabet[token - FIRST])
    return found
