"""figures/accuracy_over_length.png: which words are answered without a mistake, also longer ones than were trained."""

from collections.abc import Sequence
from pathlib import Path

import torch
from lightning.pytorch import Callback, LightningModule, Trainer

from dlexp.callbacks.counts import check_counts
from dlexp.callbacks.profiles import keep_profile
from dlexp.errors import InputError
from dlexp.layers.tokens import PAD
from dlexp.reporting.profile import Profile

SEED = 0  # of the words


class AccuracyOverLength(Callback):
    """Draws `words` of each of `lengths`, and of the ends of what was trained and of one letter more, and has the best
    epoch answer them freely; nothing of sets of single letters.

    The data offers `shortest`, `longest` and `of_lengths`, the task `decode` and `beam`.
    """

    def __init__(self, *, folder: str, words: int, lengths: Sequence[int]) -> None:
        check_counts("accuracy_over_length", words=words)
        if not isinstance(lengths, Sequence) or not lengths or not all(map(is_length, lengths)):
            raise InputError(
                f"callbacks.accuracy_over_length.lengths={lengths}: give numbers of letters, such as [5,10,20]"
            )
        self.folder = Path(folder)
        self.words = words
        self.lengths = set(lengths)

    def on_test_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        data = trainer.datamodule
        if not trainer.is_global_zero or trainer.fast_dev_run or data.longest == 1:
            return
        lengths = sorted(self.lengths | {data.shortest, data.longest, data.longest + 1})
        profile = Profile(
            title="Words without a mistake, by length (shaded: trained)",
            x_name="letters of the word",
            y_name="words that are answered right (%)",
            x=lengths,
            y=[100 * self.share_right(trainer, pl_module, length) for length in lengths],
            trained=(data.shortest, data.longest),
        )
        keep_profile(trainer, self.folder, "accuracy_over_length", profile, "test")

    def share_right(self, trainer: Trainer, pl_module: LightningModule, length: int) -> float:
        """The words are drawn on the CPU, the same whatever the training device."""
        drawn = trainer.datamodule.of_lengths(length, length, self.words, torch.Generator().manual_seed(SEED))
        words, right = (part.to(pl_module.device) for part in drawn)  # (N, S), (N, T)
        with torch.no_grad(), trainer.precision_plugin.forward_context():
            said = pl_module.decode(words, right.shape[1], pl_module.beam)  # (N, T)
        return ((said == right) | (right == PAD)).all(1).float().mean().item()


def is_length(given: object) -> bool:
    return isinstance(given, int) and not isinstance(given, bool) and given >= 1
