"""What watches a language model: n-grams beside it, what it gains from context, what it writes, what was unknown."""

import json
import math

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from dlexp.callbacks import ngram_baseline
from dlexp.callbacks.bits_over_context import BitsOverContext, bits_by_place, spread
from dlexp.callbacks.ngram_baseline import NgramBaseline
from dlexp.callbacks.text_samples import TextSamples, new_paragraph, whole_lines
from dlexp.data.text.characters import Characters
from dlexp.errors import InputError
from dlexp.metrics.ngrams import ngram_bits
from dlexp.models.sequence.transformer_language import TransformerLanguage


@pytest.fixture(scope="module")
def text(tmp_path_factory):
    path = tmp_path_factory.mktemp("texts") / "text.txt"
    words = np.random.default_rng(0).choice(
        ["to", "be", "or", "not", "to", "be", "that", "is", "the", "question"], 1200
    )
    path.write_text("\n\n".join(" ".join(part) for part in words.reshape(100, 12)) + "\nßß")
    return path


@pytest.fixture(scope="module")
def run(launch, text, tmp_path_factory):
    return launch(
        *("task=next_token", "trainer=cpu", f"data.path={text}", "model.hidden_size=10", "trainer.max_epochs=1"),
        *("data.length=16", "callbacks.text_samples.characters=60", "callbacks.text_samples.passage=200"),
        *("logger=none", "callbacks.curves=null", "callbacks.bits_over_context.characters=24"),
        folder=tmp_path_factory.mktemp("runs") / "run",
    )


def test_a_whole_run(run):
    assert (run.code, run.err) == (0, "")
    for name in ("bits_over_context", "samples", "surprise"):
        assert (run.folder / "figures" / f"{name}.png").stat().st_size > 5000
    metrics = run.result["metrics"]
    for split in ("val", "test"):
        assert metrics[f"{split}/loss"] / math.log(2) == pytest.approx(metrics[f"{split}/bits_per_character"], rel=1e-6)
    assert "val/bits_per_character_of_unigrams" in run.history.splitlines()[0]


def characters(text) -> Characters:
    data = Characters(
        path=str(text),
        characters=100,
        length=16,
        stateful=True,
        validation=0.1,
        test=0.1,
        warm_up=0,
        batch_size=1,
        eval_batch_size=1,
        seed=0,
    )
    data.setup()
    return data


def test_ngrams(run, text):
    data = characters(text)
    for split in ("val", "test"):
        for order, name in ((1, "unigrams"), (5, "5-grams")):
            asked = {"train": data.bounds["train"][1], "size": len(data.alphabet) + 1}
            bits = ngram_bits(data.text.numpy(), *data.bounds[split], order=order, **asked).mean()
            found = run.result["metrics"][f"{split}/bits_per_character_of_{name}"]
            assert found == pytest.approx(bits, rel=1e-6)
        assert NgramBaseline(order=5).judged(data)[split]["5-grams"] == pytest.approx(bits, rel=1e-12)
    assert NgramBaseline(order=1).logged == {
        "val/bits_per_character_of_unigrams",
        "test/bits_per_character_of_unigrams",
    }
    with pytest.raises(InputError, match=r"callbacks\.ngram_baseline\.order=0"):
        NgramBaseline(order=0)


def test_ngrams_of_a_long_text_are_counted_on_its_end(text, monkeypatch):
    data = characters(text)
    monkeypatch.setattr(ngram_baseline, "MOST_COUNTED", 900)
    monkeypatch.setattr(ngram_baseline, "MOST_JUDGED", 50)
    found = NgramBaseline(order=3)
    judged = found.judged(data)
    middle, size = data.bounds["train"][1], len(data.alphabet) + 1
    for split in ("val", "test"):
        first = data.bounds[split][0]
        # the same counts, and before what is judged the two characters that stand there
        parts = (data.text[middle - 900 : middle], data.text[first - 2 : first + 50])
        row = torch.cat(parts).numpy()
        expected = ngram_bits(row, 902, 952, 900, 3, size).mean()
        assert judged[split]["3-grams"] == pytest.approx(expected, rel=1e-12)
    assert found.notes == [
        f"n-grams are counted on the last 900 characters of the training part's {middle:,}, and judged on the first 50 "
        "and 50 of validation and test"
    ]


def test_starts_are_spread():
    assert spread(torch.arange(100), 4).tolist() == [0, 25, 50, 75]
    assert spread(torch.arange(7), 9).tolist() == list(range(7))
    assert spread(torch.arange(10), 3).tolist() == [0, 3, 6]


def test_what_is_unknown_is_said(run):
    (note,) = run.result["notes"]
    assert note in run.out
    assert note.startswith("0.0")  # of 5,000 characters two
    assert "none of the" in note
    assert "data.characters" in note
    assert "whoever expects the mark is right" in note


def test_samples(run):
    written = (run.folder / "samples.txt").read_text()
    _, cold, warm = written.split("=== temperature ")
    assert cold.startswith("0.5 ===\n")
    assert warm.startswith("1 ===\n")
    assert [len(part.split("===\n")[1]) for part in (cold, warm)] == [62, 61]  # with line feeds after them
    assert cold[8:60] != warm[6:58]


def test_where_a_passage_begins_and_ends():
    assert new_paragraph("one\n\ntwo\nthree, four") == 5
    assert new_paragraph("one\ntwo, three\n\nfour") == 4
    assert new_paragraph("one two") == 0
    assert whole_lines("one\ntwo\nthr") == "one\ntwo\n"
    assert whole_lines("one") == "one"


def test_the_profile(run):
    profile = json.loads((run.folder / "profiles" / "bits_over_context.json").read_text())
    assert profile["x"] == [1, 2, 3, 4, 5, 6, 7, 11.5, 19.5]
    assert len(profile["y"]) == 9
    assert profile["y"][0] > profile["y"][-1]
    assert profile["trained"] == [1, 16]
    assert profile["x_name"] == "characters read since an empty state\n(rare in a training that carries its state on)"
    assert profile["baseline_name"] == "5-grams"
    assert profile["baseline"] == pytest.approx(run.result["metrics"]["test/bits_per_character_of_5-grams"])


def test_bits_by_place():
    torch.manual_seed(0)
    model = TransformerLanguage(characters=9, length=6, size=8, heads=2, layers=1, dropout=0.0, tied=False).eval()
    text = torch.randint(10, (90,)).short()
    starts = torch.arange(0, 70, 3)
    found = bits_by_place(model, text, starts, 9, 3)
    expected = np.zeros(9)
    for start in starts.tolist():
        for place in range(9):
            begin = max(start, start + place // 3 * 3 - 3)  # the piece before is still in the window
            with torch.no_grad():
                logits, _ = model(text[None, begin : start + place + 1].long())
            target = text[start + place + 1].long()
            expected[place] += cross_entropy(logits[0, -1], target).item() / math.log(2) / len(starts)
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-5)


@pytest.mark.parametrize(
    ("build", "said"),
    [
        (
            lambda: BitsOverContext(folder=".", characters=7),
            r"callbacks\.bits_over_context\.characters=7: .* 8 or more",
        ),
        (lambda: TextSamples(folder=".", characters=1, temperatures=1.0, passage=1), r"temperatures=1\.0: give a list"),
        (lambda: TextSamples(folder=".", characters=1, temperatures=[], passage=1), r"temperatures=\[\]: give a list"),
        (lambda: TextSamples(folder=".", characters=1, temperatures=[float("nan")], passage=1), r"temperatures=nan"),
        (lambda: TextSamples(folder=".", characters=1, temperatures=[1e-300], passage=1), r"temperatures=1e-300"),
        (lambda: TextSamples(folder=".", characters=0, temperatures=[1.0], passage=1), r"characters=0"),
        (lambda: TextSamples(folder=".", characters=1, temperatures=[-1.0], passage=1), r"temperatures=-1\.0: give 0"),
        (lambda: TextSamples(folder=".", characters=1, temperatures=[1.0], passage=0), r"passage=0"),
    ],
)
def test_bad_arguments(build, said):
    with pytest.raises(InputError, match=said):
        build()
