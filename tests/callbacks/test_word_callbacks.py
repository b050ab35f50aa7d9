"""Figures of word vectors: who is near whom, and what is left out of the map."""

from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from dlexp.callbacks import nearest_words as nearest_module
from dlexp.callbacks import word_map as map_module
from dlexp.callbacks.nearest_words import NearestWords
from dlexp.callbacks.word_map import WordMap
from dlexp.errors import InputError

WORDS = ["the", "thou", "a", "king", "queen", "sun", "moon", "day", "night", "rose", "bud", "sea", "ship"]


@pytest.fixture
def kept(monkeypatch) -> dict:
    """What figures are made of, by name."""
    found: dict = {}
    for module in (nearest_module, map_module):
        monkeypatch.setattr(module, "keep_figure", lambda trainer, folder, name, figure: found.update({name: figure}))
    return found


def trainer(**changes) -> SimpleNamespace:
    data = SimpleNamespace(counts=dict.fromkeys(WORDS, 5))
    return SimpleNamespace(**({"is_global_zero": True, "fast_dev_run": False, "datamodule": data} | changes))


def module() -> SimpleNamespace:
    torch.manual_seed(0)
    vectors = torch.randn(len(WORDS), 6)
    vectors[4] = 3 * vectors[3] + 0.1 * torch.randn(6)  # the queen points where the king does, and further
    return SimpleNamespace(vectors=vectors)


def texts(figure) -> list[str]:
    return [text.get_text() for text in figure.axes[0].texts]


def test_the_nearest_of_the_words_that_are_known(kept):
    NearestWords(folder="x", words=["king", "unknown", "queen"], count=2, leave_out=[]).on_test_end(trainer(), module())
    shown = texts(kept["nearest_words"])
    assert shown[0:4:3] == ["king", "queen"]
    assert shown[1] == "queen"
    assert shown[4] == "king"


def test_function_words_are_shown_beside_one_another(kept):
    NearestWords(folder="x", words=["king", "thou"], count=50, leave_out=["thou"]).on_test_end(trainer(), module())
    shown = texts(kept["nearest_words"])
    assert shown[0] == "king"
    assert sorted(shown[:10]) == sorted(WORDS[3:])
    assert shown[10] == "thou"
    assert sorted(shown[10:23]) == sorted(WORDS)


def test_of_no_known_words_the_commonest(kept):
    NearestWords(folder="x", words=["x", "y"], count=50, leave_out=[]).on_test_end(trainer(), module())
    shown = texts(kept["nearest_words"])
    assert shown[0] == "the"
    assert shown[len(WORDS)] == "thou"
    assert sorted(shown[: len(WORDS)]) == sorted(WORDS)


def test_the_map_has_no_function_words(kept):
    WordMap(folder="x", most=9, leave_out=["thou"]).on_test_end(trainer(), module())
    figure = kept["word_map"]
    assert "9 common words" in figure.axes[0].get_title(loc="left")
    assert set(texts(figure)) <= set(WORDS[3:12])
    assert len(texts(figure)) > 5


def test_too_few_words_for_a_map_and_debug_runs_leave_nothing(kept):
    WordMap(folder="x", most=4, leave_out=[]).on_test_end(trainer(), module())
    for callback in (
        WordMap(folder="x", most=9, leave_out=[]),
        NearestWords(folder="x", words=[], count=2, leave_out=[]),
    ):
        callback.on_test_end(trainer(fast_dev_run=True), module())
        callback.on_test_end(trainer(is_global_zero=False), module())
    assert kept == {}
    assert not Path("x").exists()


@pytest.mark.parametrize(
    "make",
    [
        lambda: NearestWords(folder="x", words="love", count=2, leave_out=[]),
        lambda: NearestWords(folder="x", words=[], count=0, leave_out=[]),
        lambda: NearestWords(folder="x", words=[], count=2, leave_out="thou"),
        lambda: WordMap(folder="x", most=0, leave_out=[]),
        lambda: WordMap(folder="x", most=5, leave_out=[1]),
    ],
)
def test_one_line(make):
    with pytest.raises(InputError, match=r"callbacks\.(nearest_words|word_map)\."):
        make()
