"""A text as a row of characters, each to be told by those before it."""

import math

import torch
from torch import Tensor

from dlexp.arguments import check_count
from dlexp.data.resident_data import ResidentData
from dlexp.data.text.alphabet import alphabet_of, numbers, written
from dlexp.data.text.text_file import read_text
from dlexp.data.text.text_loaders import SplitLoader, TextLoader
from dlexp.data.text.windows import ShuffledWindows, Streams
from dlexp.errors import InputError

MOST_CHARACTERS = 32_000  # their numbers are int16


class Characters(ResidentData):
    """Training, validation and test are the first, middle and last part of the text, by shares `validation` and `test`.

    The alphabet is the training part's `characters` commonest ones, numbered from 1; all others are read as 0. The text
    lies on the training device as a whole, int16.

    Training gives windows of `length` characters: with `stateful` the next one of each of `batch_size` streams, so
    that a net can keep its state from one to the next, else windows in any order, with nothing before them.

    Evaluation asks for each character of a split once, in pieces of half a window: a net that sees one window at a time
    has at least half a window before each character, one that has a state all the text. There are `eval_batch_size`
    streams, each of which first reads the `warm_up` characters before its own.
    """

    def __init__(
        self,
        *,
        path: str | None,
        characters: int,
        length: int,
        stateful: bool,
        validation: float,
        test: float,
        warm_up: int,
        batch_size: int,
        eval_batch_size: int,
        seed: int,
    ) -> None:
        super().__init__(batch_size=batch_size, eval_batch_size=eval_batch_size, seed=seed)
        for name, value, least in (("characters", characters, 1), ("length", length, 2), ("warm_up", warm_up, 0)):
            check_count(f"data.{name}", value, least=least)
        if characters > MOST_CHARACTERS:
            raise InputError(f"data.characters={characters}: give {MOST_CHARACTERS:,} at most")
        for name, share in (("validation", validation), ("test", test)):
            if not isinstance(share, int | float) or not 0 < share < 1:
                raise InputError(f"data.{name}={share}: give the share of the text, above 0 and below 1")
        if validation + test >= 1:
            raise InputError(f"data.validation={validation} and data.test={test} leave no text to learn from")
        if not isinstance(stateful, bool):
            raise InputError(f"data.stateful={stateful}: give true or false")
        self.path = path
        self.characters = characters
        self.length = length
        self.stateful = stateful
        self.shares = {"validation": validation, "test": test}
        self.warm_up = warm_up
        self.alphabet = ""
        self.text = torch.empty(0, dtype=torch.int16)  # (N,)
        self.bounds: dict[str, tuple[int, int]] = {}  # of each split: the first to predict, and what comes after it

    @property
    def preprocessing(self) -> dict[str, str]:
        """What the checkpoint keeps, so that a model can be asked without the text."""
        return {"alphabet": self.alphabet}

    @property
    def unknown(self) -> float:
        """The share of the text's characters that are not in the alphabet."""
        return (self.text == 0).float().mean().item()

    def make(self) -> dict[str, tuple[Tensor, Tensor]]:
        text = read_text(self.path)
        held_out = (sum(self.shares.values()), self.shares["test"])
        middle, end = (math.floor(len(text) * (1 - share)) for share in held_out)
        if not 1 < middle < end < len(text):
            raise InputError(
                f"the text has {len(text):,} characters, too few for data.validation={self.shares['validation']} and "
                f"data.test={self.shares['test']}: give a longer text or larger shares"
            )
        self.bounds = {"train": (1, middle), "val": (middle, end), "test": (end, len(text))}
        self.alphabet = alphabet_of(text[:middle], self.characters)
        self.text = torch.from_numpy(numbers(text, self.alphabet))
        return self.pairs()

    def setup(self, stage: str | None = None) -> None:
        if not self.splits:
            self.make()
        self.text = self.text.to(self.device)
        self.splits = self.pairs()  # views: the text lies there once

    def pairs(self) -> dict[str, tuple[Tensor, Tensor]]:
        """Of each split the characters, and those that follow them."""
        return {name: (self.text[a - 1 : b - 1], self.text[a:b]) for name, (a, b) in self.bounds.items()}

    def read(self, numbers: Tensor) -> str:
        """The characters that the numbers (N,) stand for."""
        return written(numbers.cpu().numpy(), self.alphabet)

    def train_dataloader(self) -> TextLoader:
        kind = Streams if self.stateful else ShuffledWindows
        size = len(self.labels("train"))
        windows = kind(size=size, length=self.length, batch_size=self.batch_size, seed=self.seed, **self.shard())
        return TextLoader(text=self.text[: size + 1], windows=windows, processed=self.processed)

    def eval_dataloader(self, split: str) -> SplitLoader:
        first, last = self.bounds[split]
        return SplitLoader(
            text=self.text,
            first=first,
            last=last,
            length=self.length // 2,
            streams=self.eval_batch_size,
            warm_up=self.warm_up,
            **self.shard(),
        )
