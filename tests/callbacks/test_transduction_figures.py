"""The figures of encoder-decoders, from a real run, and what they say."""

import json

import numpy as np
import pytest
import torch

from dlexp.callbacks.accuracy_over_length import AccuracyOverLength
from dlexp.callbacks.transduction_figures import different_lengths, letters
from dlexp.errors import InputError
from dlexp.layers.tokens import END, PAD
from dlexp.reporting.transduction import attention_maps, mistakes

SMALL = (
    *("trainer=cpu", "trainer.max_epochs=1", "data.batches=3", "data.validation=20", "data.test=20"),
    *("model.hidden_size=16", "logger=none", "callbacks.curves=null"),
)


def texts(figure) -> list[str]:
    axes = [text.get_text() for one in figure.axes for text in (*one.texts, one.title, one._left_title)]
    return [text for text in [*axes, *(text.get_text() for text in figure.texts)] if text]


@pytest.mark.parametrize("attention", ["additive", "none"])
def test_of_a_run(launch, tmp_path, attention):
    more = ("data.longest=5", "callbacks.accuracy_over_length.lengths=[9,1,5]", f"model.attention={attention}")
    end = launch("task=reversal", *SMALL, *more, folder=tmp_path / "run")
    assert (end.code, end.err) == (0, "")
    figures = {path.stem for path in (end.folder / "figures").glob("*.png")}
    assert figures == {"accuracy_over_length", "mistakes"} | ({"attention_maps"} if attention != "none" else set())
    profile = json.loads((end.folder / "profiles" / "accuracy_over_length.json").read_text())
    assert profile["x"] == [1, 5, 9]
    assert profile["trained"] == [3, 5]
    assert all(0 <= share <= 100 for share in profile["y"])


def test_one_letter_has_no_lengths(launch, tmp_path):
    end = launch("experiment=one_to_many", *SMALL, folder=tmp_path / "run")
    assert (end.code, end.err) == (0, "")
    assert {path.stem for path in (end.folder / "figures").glob("*.png")} == {"mistakes"}


def test_words_from_the_longest_to_the_shortest():
    words = torch.tensor([[3, 4, PAD], [3, PAD, PAD], [5, 4, 3], [5, 3, PAD], [6, PAD, PAD]])
    assert different_lengths(words, 3).tolist() == [2, 3, 4]
    assert different_lengths(words, 9).tolist() == [2, 0, 3, 1, 4]
    assert letters(torch.tensor([4, 3, END, PAD]), "abc") == ["b", "a", "·"]
    assert letters(torch.tensor([5, PAD]), "abc") == ["c"]


def test_every_letter_of_a_map_takes_the_same_room():
    maps = [("abcde", "edcba·", np.eye(6, 5)), ("ab", "ba·", np.eye(3, 2)), ("x", "x·", np.ones((2, 1)))]
    figure = attention_maps([(list(word), list(answer), weights) for word, answer, weights in maps])
    width, height = figure.get_size_inches()
    for axes, (word, answer, weights) in zip(figure.axes, maps, strict=True):
        box = axes.get_position()
        assert box.width * width / len(word) == pytest.approx(0.19)
        assert box.height * height / len(answer) == pytest.approx(0.19)
        assert min(box.x0, box.y0, 1 - box.x1, 1 - box.y1) > 0
        assert [label.get_text() for label in axes.get_xticklabels()] == list(word)
        assert [label.get_text() for label in axes.get_yticklabels()] == list(answer)
        np.testing.assert_array_equal(axes.images[0].get_array(), weights)


def test_a_table_of_mistakes_colours_what_is_wrong():
    figure = mistakes([("abc", "cbx", "cba"), ("ab", "b", "ba"), ("ab", "bac", "ba")], wrong=7, of=1200)
    assert "7 of 1,200 test words are answered wrong, such as" in texts(figure)
    coloured = [text.get_text() for text in figure.axes[0].texts if text.get_color() == "#d55e00"]
    assert coloured == ["x", "_", "c"]
    figure = mistakes([("abc", "cba", "cba")], wrong=0, of=20)
    assert "No mistake in 20 test words, such as" in texts(figure)
    assert not [text for text in figure.axes[0].texts if text.get_color() == "#d55e00"]


def test_a_mistake_may_be_to_say_nothing():
    assert mistakes([("abc", "", "cba")], wrong=1, of=1).axes


def test_bad_lengths():
    for lengths in ([], [0], [2.5]):
        with pytest.raises(InputError, match=r"accuracy_over_length\.lengths"):
            AccuracyOverLength(folder=".", words=3, lengths=lengths)
