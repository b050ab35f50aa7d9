"""val/bits_per_character_of_5-grams, …_of_unigrams, and the same of the test: what counting alone says of the text."""

import numpy as np
from lightning.pytorch import Callback, LightningDataModule, LightningModule, Trainer

from dlexp.callbacks.counts import check_counts
from dlexp.metrics.ngrams import ngram_bits


class NgramBaseline(Callback):
    """Counts the training part once a run and judges by it: characters alone, and after up to `order` - 1 others.

    The data have `text`, `alphabet` and `bounds`.
    """

    def __init__(self, *, order: int) -> None:
        check_counts("ngram_baseline", order=order)
        self.names = {1: "unigrams"} | ({order: f"{order}-grams"} if order > 1 else {})
        self.logged = frozenset(
            f"{split}/bits_per_character_of_{name}" for split in ("val", "test") for name in self.names.values()
        )
        self.bits: dict[str, dict[str, float]] = {}  # by split and name

    def on_validation_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.log_bits(trainer, pl_module, "val")

    def on_test_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        self.log_bits(trainer, pl_module, "test")

    def log_bits(self, trainer: Trainer, pl_module: LightningModule, split: str) -> None:
        self.bits = self.bits or self.judged(trainer.datamodule)
        for name, bits in self.bits[split].items():
            pl_module.log(f"{split}/bits_per_character_of_{name}", bits, sync_dist=True)

    def judged(self, data: LightningDataModule) -> dict[str, dict[str, float]]:
        """Both splits at once: to count takes a while where the text is long."""
        (first, middle), (_, last) = data.bounds["val"], data.bounds["test"]
        asked = {"first": first, "last": last, "train": data.bounds["train"][1], "size": len(data.alphabet) + 1}
        found: dict[str, dict[str, float]] = {"val": {}, "test": {}}
        for order, name in self.names.items():
            bits = ngram_bits(data.text.cpu().numpy(), order=order, **asked)
            found["val"][name], found["test"][name] = (part.mean().item() for part in np.split(bits, [middle - first]))
        return found
