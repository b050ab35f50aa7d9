"""Words and right answers against Python's own strings."""

import pytest
import torch
from scipy.stats import chisquare

from dlexp.data.strings.copy import Copy
from dlexp.data.strings.reversal import Reversal
from dlexp.data.strings.sorting import Sorting
from dlexp.data.strings.successors import Successors
from dlexp.data.strings.word_pairs import WordPairs
from dlexp.errors import InputError
from dlexp.layers.tokens import END, FIRST, PAD

RULES = {Reversal: lambda word: word[::-1], Copy: lambda word: word, Sorting: lambda word: "".join(sorted(word))}


def data(kind: type[WordPairs] = Reversal, **changes) -> WordPairs:
    arguments = {"letters": 26, "input_shape": [7], "num_classes": 0, "shortest": 2, "longest": 7}
    arguments |= {"batches": 3, "validation": 40, "test": 50, "draw": 0}
    arguments |= {"batch_size": 4, "eval_batch_size": 20, "seed": 0}
    if kind is Successors:
        arguments |= {"shortest": 1, "longest": 1, "input_shape": [1]}
    return kind(**arguments | changes)


def spelled(tokens: torch.Tensor, alphabet: str) -> str:
    return "".join(alphabet[token - FIRST] for token in tokens.tolist() if token >= FIRST)


def seeded(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize("kind", RULES)
def test_the_answer_is_what_the_rule_says(kind):
    pairs = data(kind)
    words, answers = pairs.sample(300, seeded())
    assert (words.shape, answers.shape) == ((300, 7), (300, 8))
    assert words.dtype == answers.dtype == torch.int64
    for word, answer in zip(words, answers, strict=True):
        text = spelled(word, pairs.alphabet)
        assert word.tolist()[len(text) :] == [PAD] * (7 - len(text))
        assert spelled(answer, pairs.alphabet) == RULES[kind](text)
        assert answer.tolist()[len(text) :] == [END] + [PAD] * (7 - len(text))


def test_a_letter_and_those_after_it():
    pairs = data(Successors)
    words, answers = pairs.sample(300, seeded())
    assert (words.shape, answers.shape) == ((300, 1), (300, 27))
    for word, answer in zip(words, answers, strict=True):
        letter = spelled(word, pairs.alphabet)
        expected = pairs.alphabet[pairs.alphabet.index(letter) :]
        assert spelled(answer, pairs.alphabet) == expected
        assert answer.tolist()[len(expected) :] == [END] + [PAD] * (26 - len(expected))
    assert len(set(words.flatten().tolist())) == 26
    assert (data(Successors, letters=3).sample(50, seeded())[1]).shape == (50, 4)
    words, answers = data(Successors, longest=5, input_shape=[5]).sample(50, seeded())  # of longer words, the first's
    assert torch.equal(answers[:, 0], words[:, 0])
    assert torch.equal((answers >= FIRST).sum(1), FIRST + 26 - words[:, 0])


def test_lengths_and_letters_are_drawn_evenly():
    words, _ = data(letters=5).sample(20_000, seeded())
    lengths = (words != PAD).sum(1)
    assert chisquare(torch.bincount(lengths)[2:].numpy()).pvalue > 0.001
    assert chisquare(torch.bincount(words[words != PAD])[FIRST:].numpy()).pvalue > 0.001
    assert (lengths.min(), lengths.max(), words.max()) == (2, 7, FIRST + 4)


def test_words_of_one_length_beyond_the_trained():
    words, answers = data().of_lengths(12, 12, 30, seeded())
    assert (words != PAD).all()
    assert torch.equal(answers[:, :-1], words.flip(1))
    assert (answers[:, -1] == END).all()


def test_fresh_and_reproducible():
    pairs = data()
    one, other = (torch.cat([words for words, _ in data().train_dataloader()]) for _ in range(2))
    assert torch.equal(one, other)
    assert len({tuple(word) for word in one.tolist()}) == 12
    assert not torch.equal(one, torch.cat([words for words, _ in data(seed=1).train_dataloader()]))
    splits = pairs.make()
    assert all(torch.equal(a, b) for a, b in zip(splits["val"], data(seed=5).make()["val"], strict=True))
    assert not torch.equal(splits["val"][0], data(draw=1).make()["val"][0])
    assert {name: len(words) for name, (words, _) in splits.items()} == {"val": 40, "test": 50}


def test_what_a_checkpoint_keeps():
    assert data(letters=4).preprocessing == {"alphabet": "abcd", "first": FIRST, "longest": 7}
    assert data(Successors).preprocessing["longest"] == 1


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"letters": 27}, r"data\.letters=27: .*1 to 26"),
        ({"letters": 0}, r"data\.letters=0"),
        ({"letters": 2.5}, r"data\.letters=2\.5"),
        ({"shortest": 0}, r"data\.shortest=0: .*1 or more"),
        ({"longest": "x"}, r"data\.longest=x"),
        ({"shortest": 9}, r"data\.shortest=9 is more than data\.longest=7"),
        ({"num_classes": 3}, r"data\.num_classes=3"),
        ({"input_shape": [9]}, r"data\.input_shape=\[9\].*\[7\]"),
        ({"batches": 0}, r"data\.batches=0"),
    ],
    ids=lambda part: " ".join(part) if isinstance(part, dict) else "",
)
def test_bad_arguments(changes, line):
    with pytest.raises(InputError, match=line):
        data(**changes)
