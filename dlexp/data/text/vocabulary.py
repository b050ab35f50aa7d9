"""The words of a text, which of them a model knows, and how often each is to be read and drawn."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

WORD = re.compile(r"[^\W\d_]+(?:['\u2019][^\W\d_]+)*")  # letters, and apostrophes between them


def split_words(text: str, clean: bool) -> list[str]:
    """In lower case, of letters and the apostrophes between them (`clean`); else what stands between white space."""
    return WORD.findall(text.lower()) if clean else text.split()


def commonest(words: Sequence[str], most: int, min_count: int) -> dict[str, int]:
    """Of the words that are there `min_count` times, the `most` commonest and their counts, in falling order."""
    return {word: count for word, count in Counter(words).most_common(most) if count >= min_count}


def numbers(words: Sequence[str], vocabulary: Mapping[str, int]) -> Tensor:
    """int64 (N,): places in the vocabulary. Words that are not in it are left out, and their neighbours meet."""
    place = {word: i for i, word in enumerate(vocabulary)}
    found = np.fromiter((place[word] for word in words if word in place), dtype=np.int64)
    return torch.from_numpy(found)


def share_kept(counts: Tensor, sample: float) -> Tensor:
    """float32 (V,): the probability that an occurrence of a word is read, sqrt(t/f) + t/f and at most 1.

    f is the word's share of all `counts` (V,), t is `sample`; 0 keeps everything. The formula is that of the word2vec
    program; the paper (Mikolov et al. 2013, arXiv 1310.4546) has sqrt(t/f).
    """
    if not sample:
        return torch.ones(len(counts))
    ratio = sample * counts.double().sum() / counts.double()
    return (ratio.sqrt() + ratio).clamp(max=1).float()


def shares(counts: Tensor, power: float) -> Tensor:
    """float64 (V,), sum 1: in proportion to counts^power. word2vec's noise has power 3/4."""
    weights = counts.double() ** power
    return weights / weights.sum()
