"""The figures of encoder-decoders, from a real run, and what they say."""

import json
from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from dlexp.callbacks.accuracy_over_length import AccuracyOverLength
from dlexp.callbacks.transduction_figures import TransductionFigures, different_lengths, letters
from dlexp.data.strings.reversal import Reversal
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


@pytest.fixture(scope="module")
def run(launch, tmp_path_factory):
    """A run that has learned a little, with attention, and what its figure of mistakes was told."""
    told = []

    def spy(rows, **counts):
        told.append((rows, counts))
        return mistakes(rows, **counts)

    folder = tmp_path_factory.mktemp("run") / "run"
    more = ("data.longest=5", "data.eval_batch_size=7", "callbacks.accuracy_over_length.lengths=[9,1,5]")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("dlexp.reporting.transduction.mistakes", spy)
        end = launch("task=reversal", *SMALL, *more, folder=folder)
    assert (end.code, end.err) == (0, "")
    return end, told


def figures_of(end) -> set[str]:
    return {path.stem for path in (end.folder / "figures").glob("*.png")}


def test_of_a_run(run):
    end, told = run
    assert figures_of(end) == {"accuracy_over_length", "attention_maps", "mistakes"}
    profile = json.loads((end.folder / "profiles" / "accuracy_over_length.json").read_text())
    assert profile["x"] == [1, 3, 5, 6, 9]  # what was asked for, and the ends of what was trained
    assert profile["trained"] == [3, 5]
    assert all(0 <= share <= 100 for share in profile["y"])

    ((rows, counts),) = told  # one figure, of all batches of the test
    assert counts["of"] == 20
    assert counts["wrong"] == round(20 * (1 - end.result["metrics"]["test/sequence_accuracy"]))
    assert len(rows) == min(10, counts["wrong"]) > 0
    for word, answer, right in rows:
        assert right == word[::-1] != answer


def test_without_attention_and_of_one_letter(launch, tmp_path):
    """No maps, and no lengths to go beyond."""
    end = launch("experiment=one_to_many", *SMALL, folder=tmp_path / "run")
    assert (end.code, end.err) == (0, "")
    assert figures_of(end) == {"mistakes"}


# --- accuracy against length -------------------------------------------------------------------------------


class Right(SimpleNamespace):
    """A task that answers backwards, but for words that `fails` says."""

    def decode(self, words: torch.Tensor, most: int, beam: int) -> torch.Tensor:
        assert (most, beam) == (words.shape[1] + 1, self.beam)
        said = torch.cat([words.flip(1), torch.full_like(words[:, :1], END)], 1)
        said[self.fails(words), -2] = PAD  # a letter is missing
        return said


def shares(tmp_path, monkeypatch, lengths: list[int], fails: Callable) -> dict[int, float]:
    kept = []
    monkeypatch.setattr("dlexp.callbacks.accuracy_over_length.keep_profile", lambda *words: kept.append(words[3]))
    sizes = {"batches": 1, "validation": 1, "test": 1, "draw": 0, "batch_size": 1, "eval_batch_size": 1, "seed": 0}
    data = Reversal(letters=4, shortest=3, longest=5, input_shape=[5], num_classes=0, **sizes)
    plugin = SimpleNamespace(forward_context=torch.no_grad)
    trainer = SimpleNamespace(datamodule=data, is_global_zero=True, fast_dev_run=False, precision_plugin=plugin)
    callback = AccuracyOverLength(folder=str(tmp_path), words=64, lengths=lengths)
    callback.on_test_end(trainer, Right(device=torch.device("cpu"), beam=2, fails=fails))
    (profile,) = kept
    return dict(zip(profile.x, profile.y, strict=True))


def test_the_share_that_is_right(tmp_path, monkeypatch):
    none = shares(tmp_path, monkeypatch, [1, 9], lambda words: torch.zeros(len(words), dtype=torch.bool))
    assert none == {1: 100, 3: 100, 5: 100, 6: 100, 9: 100}
    each = shares(tmp_path, monkeypatch, [7], lambda words: torch.arange(len(words)) < 8 * words.shape[1])
    assert each == {length: 100 * (1 - length / 8) for length in (3, 5, 6, 7)}


def test_it_is_the_words_of_that_length(tmp_path, monkeypatch):
    """All of them full, and the same in every run."""
    asked = []

    def fails(words: torch.Tensor) -> torch.Tensor:
        asked.append(words)
        return (words == PAD).any(1)

    assert set(shares(tmp_path, monkeypatch, [12], fails).values()) == {100}
    shares(tmp_path, monkeypatch, [12], fails)
    assert [words.shape for words in asked] == 2 * [(64, 3), (64, 5), (64, 6), (64, 12)]
    assert all(torch.equal(one, other) for one, other in zip(asked[:4], asked[4:], strict=True))


# --- what is shown -----------------------------------------------------------------------------------------


def test_a_second_test_shows_only_its_own_words():
    callback = TransductionFigures(folder=".", words=2, mistakes=2)
    for _ in range(2):
        callback.on_test_start(None, None)
        callback.on_test_batch_end(None, None, torch.zeros(2, 3), (torch.ones(2, 2), torch.ones(2, 3)), 0)
    (batch,) = callback.answered
    assert [part.shape for part in batch] == [(2, 2), (2, 3), (2, 3)]


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
    assert coloured == ["x", "_", "c", "compared place by place; _ is a letter that is missing"]
    figure = mistakes([("abc", "cba", "cba")], wrong=0, of=20)
    assert "No mistake in 20 test words, such as" in texts(figure)
    assert not [text for text in figure.axes[0].texts if text.get_color() == "#d55e00"]


def test_a_mistake_may_be_to_say_nothing():
    """What is missing keeps to its column."""
    figure = mistakes([("abcdefgh", "", "hgfedcba")], wrong=1, of=1)
    places = {text.get_text(): text.get_position()[0] for text in figure.axes[0].texts}  # of "_" the last
    assert places["answer"] < places["_"] < places["right answer"] == places["h"]


def test_bad_lengths():
    for lengths in ([], [0], [2.5], [True], 5, None):
        with pytest.raises(InputError, match=r"accuracy_over_length\.lengths"):
            AccuracyOverLength(folder=".", words=3, lengths=lengths)
