"""A text, word by word, for vectors of words."""

import math

import torch
from torch import Tensor

from dlexp.arguments import check_count
from dlexp.data.resident_data import ResidentData
from dlexp.data.text.text_file import read_text
from dlexp.data.text.vocabulary import commonest, numbers, share_kept, shares, split_words
from dlexp.data.text.word_loaders import Draws, JudgedStretches, StretchLoader
from dlexp.errors import InputError

DRAW = 0  # of what the splits to judge by show
MOST = {"words": 2_000_000, "window": 100, "stretch": 1000, "noise": 10_000}


class Words(ResidentData):
    """The text at `path`, or the embedded play: its first part to learn from, then `validation`, then `test`.

    A model knows the `words` commonest words of the first part that are there `min_count` times; others are left out
    before anything else is done. `batch_size` counts words, of whole stretches: one at least. What is drawn is said in
    `Draws`.
    """

    def __init__(
        self,
        *,
        path: str | None,
        clean: bool,
        words: int,
        min_count: int,
        sample: float,
        window: int,
        stretch: int,
        noise: int,
        noise_power: float,
        validation: float,
        test: float,
        batch_size: int,
        eval_batch_size: int,
        seed: int,
    ) -> None:
        super().__init__(batch_size=batch_size, eval_batch_size=eval_batch_size, seed=seed)
        whole = {"words": words, "min_count": min_count, "window": window, "stretch": stretch, "noise": noise}
        for name, value in whole.items():
            check_count(f"data.{name}", value)
        for name, most in MOST.items():
            if whole[name] > most:
                raise InputError(f"data.{name}={whole[name]}: give {most:,} at most")
        if not isinstance(clean, bool):
            raise InputError(f"data.clean={clean}: give true or false")
        for name, number in (("sample", sample), ("noise_power", noise_power)):
            if not isinstance(number, int | float) or not 0 <= number <= 1:
                raise InputError(f"data.{name}={number}: give a number from 0 to 1")
        for name, share in (("validation", validation), ("test", test)):
            if not isinstance(share, int | float) or not 0 < share < 1:
                raise InputError(f"data.{name}={share}: give the share of the text, above 0 and below 1")
        if validation + test >= 1:
            raise InputError(f"data.validation={validation} and data.test={test} leave no text to learn from")
        self.path = path
        self.clean = clean
        self.most, self.min_count = words, min_count
        self.sample, self.noise_power = sample, noise_power
        self.window, self.stretch, self.noise = window, stretch, noise
        self.shares = {"validation": validation, "test": test}
        self.counts: dict[str, int] = {}  # of the words that the model knows, in the training part; the commonest first
        self.length = 0  # words of the training part, known or not
        self.kept = torch.empty(0)  # (V,): the share of a word's occurrences that are read
        self.noise_shares = torch.empty(0)  # (V,): of each word among the noise words
        self.read_shares = torch.empty(0)  # (V,): of each word among those that are read

    @property
    def preprocessing(self) -> dict[str, list[str]]:
        """What the checkpoint keeps: the word of each row of the model's tables."""
        return {"words": list(self.counts)}

    def make(self) -> dict[str, tuple[Tensor, Tensor]]:
        text = split_words(read_text(self.path), self.clean)
        middle, end = (math.floor(len(text) * (1 - s)) for s in (sum(self.shares.values()), self.shares["test"]))
        self.length = middle
        self.counts = commonest(text[:middle], self.most, self.min_count)
        if len(self.counts) < 2:
            raise InputError(
                f"of the {middle:,} words to learn from, {len(self.counts)} are there data.min_count={self.min_count} "
                "times, and vectors need two: lower it or give a longer text"
            )
        parts = {"train": text[:middle], "val": text[middle:end], "test": text[end:]}
        known = {split: numbers(part, self.counts) for split, part in parts.items()}  # (N,)
        for split, part in known.items():
            if len(part) < 2:
                raise InputError(
                    f"the {split} part of the text has {len(parts[split]):,} words, and {len(part)} that are known: "
                    "give a longer text, or larger data.validation and data.test"
                )
        return {split: (part, part) for split, part in known.items()}

    def setup(self, stage: str | None = None) -> None:
        super().setup(stage)
        counts = torch.tensor(list(self.counts.values()), device=self.device)  # (V,)
        self.kept = share_kept(counts, self.sample)
        self.noise_shares = shares(counts, self.noise_power)
        self.read_shares = shares(counts * self.kept, 1)

    def draws(self, split: str) -> Draws:
        return Draws(
            words=self.splits[split][0],
            kept=self.kept,
            noise=self.noise_shares,
            window=self.window,
            length=self.stretch,
            shown=self.noise,
        )

    def train_dataloader(self) -> StretchLoader:
        return StretchLoader(
            draws=self.draws("train"), batch_size=self.batch_size, seed=self.seed, processed=self.processed
        )

    def eval_dataloader(self, split: str) -> JudgedStretches:
        return JudgedStretches(draws=self.draws(split), batch_size=self.eval_batch_size, seed=DRAW)
