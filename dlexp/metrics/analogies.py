"""Man is to king as woman is to …? The questions of Mikolov et al. 2013 (arXiv 1301.3781), and lists like theirs."""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.functional import normalize

from dlexp.errors import InputError

MOST_SCORES = 2**24  # that are held at once


def read_questions(path: Path) -> list[tuple[str, str, str, str]]:
    """Four words of each line in lower case, the last the answer; lines that begin with a colon are headings.

    InputError for a line of another form.
    """
    questions = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        words = line.lower().split()
        if not words or words[0].startswith(":"):
            continue
        if len(words) != 4:
            raise InputError(f"{path}, line {number}: it is not four words")
        questions.append(tuple(words))
    return questions


def analogy_accuracy(
    vectors: Tensor, places: Mapping[str, int], questions: list[tuple[str, str, str, str]]
) -> tuple[float, int]:
    """Of the questions a, b, c, d of which all words have a vector, the share for which d is the word nearest to
    b - a + c, all vectors brought to length 1 and the three words themselves left out; and how many these are.

    `vectors` (V, D); `places` are a word's row. NaN for no question.
    """
    known = [[places[word] for word in question] for question in questions if all(w in places for w in question)]
    if not known:
        return float("nan"), 0
    rows = torch.tensor(known, device=vectors.device)  # (Q, 4)
    unit = normalize(vectors, dim=1)
    right = 0
    for some in rows.split(max(1, MOST_SCORES // len(unit))):
        a, b, c, d = some.T
        scores = (unit[b] - unit[a] + unit[c]) @ unit.T  # (Q', V)
        scores.scatter_(1, some[:, :3], -torch.inf)
        right += (scores.argmax(1) == d).sum().item()
    return right / len(known), len(known)
