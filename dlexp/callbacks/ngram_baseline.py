"""val/bits_per_character_of_5-grams, …_of_unigrams, and the same of the test: what counting alone says of the text."""

import torch
from lightning.pytorch import Callback, LightningDataModule, LightningModule, Trainer

from dlexp.callbacks.counts import check_counts
from dlexp.metrics.ngrams import ngram_bits

MOST_COUNTED, MOST_JUDGED = 5_000_000, 1_000_000  # characters: to count them sorts them, ten times


class NgramBaseline(Callback):
    """Counts the training part once a run and judges by it: characters alone, and after up to `order` - 1 others.

    Of a very long text the last 5 million characters of the training part are counted, and the first million of each
    other part judged, which a note says. The data have `text`, `alphabet` and `bounds`.
    """

    def __init__(self, *, order: int) -> None:
        check_counts("ngram_baseline", order=order)
        self.names = {1: "unigrams"} | ({order: f"{order}-grams"} if order > 1 else {})
        self.logged = frozenset(
            f"{split}/bits_per_character_of_{name}" for split in ("val", "test") for name in self.names.values()
        )
        self.bits: dict[str, dict[str, float]] = {}  # by split and name
        self.notes: list[str] = []

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
        (_, middle), (_, end), (_, last) = (data.bounds[split] for split in ("train", "val", "test"))
        train, val, test = (
            min(size, most)
            for size, most in ((middle, MOST_COUNTED), (end - middle, MOST_JUDGED), (last - end, MOST_JUDGED))
        )
        if (train, val, test) != (middle, end - middle, last - end):
            self.notes = [
                f"n-grams are counted on the last {train:,} characters of the training part's {middle:,}, and judged "
                f"on the first {val:,} and {test:,} of validation and test"
            ]
        found: dict[str, dict[str, float]] = {"val": {}, "test": {}}
        for order, name in self.names.items():
            before = end - order + 1  # what the first of the test is judged by
            parts = (data.text[middle - train : middle + val], data.text[before : end + test])
            text = torch.cat(parts).cpu().numpy()
            bits = ngram_bits(text, first=train, last=len(text), train=train, order=order, size=len(data.alphabet) + 1)
            found["val"][name], found["test"][name] = bits[:val].mean().item(), bits[val + order - 1 :].mean().item()
        return found
