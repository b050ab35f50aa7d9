"""Similarity lists and analogies against gensim's own evaluation, and against scipy."""

import numpy as np
import pytest
import torch
from scipy.stats import spearmanr

from dlexp.errors import InputError
from dlexp.metrics.analogies import analogy_accuracy, read_questions
from dlexp.metrics.word_similarity import ranks, read_rated_pairs, similarity_correlation, spearman

WORDS = [f"w{chr(97 + i // 26)}{chr(97 + i % 26)}" for i in range(60)]
PLACES = {word: i for i, word in enumerate(WORDS)}


@pytest.fixture
def vectors() -> torch.Tensor:
    """In which some analogies hold: a base and a direction each, and some noise."""
    random = np.random.default_rng(0)
    base, step = random.normal(size=(30, 1, 12)), random.normal(size=(1, 2, 12))
    return torch.from_numpy((base + step + 0.35 * random.normal(size=(30, 2, 12))).reshape(60, 12)).float()


@pytest.fixture
def keyed(vectors):
    KeyedVectors = pytest.importorskip("gensim.models").KeyedVectors
    made = KeyedVectors(12)
    made.add_vectors(WORDS, vectors.numpy())
    return made


def test_correlation_is_gensims(vectors, keyed, tmp_path):
    random = np.random.default_rng(1)
    lines = ["# a comment"]
    for _ in range(50):
        a, b = random.choice(WORDS, 2)
        lines.append(f"{a.upper()}\t{b}\t{random.integers(0, 6)}")  # with ties
    lines.append("unknown\twaa\t3.5")
    path = tmp_path / "pairs.txt"
    path.write_text("\n".join(lines) + "\n")
    theirs = keyed.evaluate_word_pairs(str(path))
    ours, asked = similarity_correlation(vectors, PLACES, read_rated_pairs(path))
    assert ours == pytest.approx(theirs[1].statistic, abs=1e-6)
    assert asked == 50


def test_spearman_is_scipys():
    random = np.random.default_rng(2)
    a, b = random.integers(0, 9, 80).astype(float), random.normal(size=80)
    ours = spearman(torch.from_numpy(a), torch.from_numpy(b))
    assert ours == pytest.approx(spearmanr(a, b).statistic)
    assert ranks(torch.tensor([3.0, 1.0, 3.0, 2.0])).tolist() == [2.5, 0, 2.5, 1]
    assert np.isnan(similarity_correlation(torch.ones(2, 2), {"a": 0}, [("a", "b", 1.0)])[0])


def test_accuracy_of_analogies_is_gensims(vectors, keyed, tmp_path):
    random = np.random.default_rng(3)
    lines = [": a heading"]
    for _ in range(120):
        i, j = random.choice(30, 2, replace=False)
        lines.append(" ".join(WORDS[k].title() for k in (2 * i, 2 * i + 1, 2 * j, 2 * j + 1)))
    lines += ["unknown waa wab wac", ": another", "waa wab wac wad"]
    path = tmp_path / "questions.txt"
    path.write_text("\n".join(lines) + "\n")
    theirs, sections = keyed.evaluate_word_analogies(str(path))
    ours, asked = analogy_accuracy(vectors, PLACES, read_questions(path))
    assert asked == sum(len(one["correct"]) + len(one["incorrect"]) for one in sections[:-1]) == 121
    assert 0.1 < theirs < 0.9
    assert ours == pytest.approx(theirs)
    assert analogy_accuracy(vectors, PLACES, [("no", "no", "no", "no")])[1] == 0


@pytest.mark.parametrize(
    ("read", "content"), [(read_rated_pairs, "a b 1\na b much\n"), (read_questions, ": x\na b c\n")]
)
def test_a_line_of_another_form(read, content, tmp_path):
    path = tmp_path / "file.txt"
    path.write_text(content)
    with pytest.raises(InputError, match="line 2"):
        read(path)
