"""`python -m dlexp.generate RUN …`: what a model draws, as image files, and what it writes."""

import shutil

import numpy as np
import pytest
import torch
from asked import save
from PIL import Image

from dlexp import generate
from dlexp.composition.command import command
from dlexp.generation import pictures as drawing
from dlexp.trained import load_task


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    kinds = ("vae", "vae_conditional", "gan", "gan_conditional", "autoencoder", "classifier", "numbers")
    return {kind: save(kind, folder / kind) for kind in kinds}


@pytest.fixture
def ask(call, tmp_path):
    def ask(*words):
        return call(lambda: command(generate.main), *words, folder=tmp_path)

    return ask


def pictures(folder) -> np.ndarray:
    """(N, H, W) uint8."""
    return np.stack([np.asarray(Image.open(path)) for path in sorted(folder.glob("[0-9]*.png"))])


@pytest.mark.parametrize("kind", ["vae", "gan"])
def test_the_files(runs, ask, kind):
    end = ask(runs[kind], "n=5")
    folder = runs[kind] / "samples"
    assert (end.code, end.err) == (0, "")
    assert end.out == f"5 images, all in one: {folder / 'samples.png'}\n"
    assert sorted(path.name for path in folder.iterdir()) == [*(f"000{i}.png" for i in range(5)), "samples.png"]
    task, _ = load_task(runs[kind], "generate")
    assert not task.training
    with torch.inference_mode():
        expected = task.generate(5, torch.Generator().manual_seed(0), torch.zeros(5, dtype=torch.long))
    found = pictures(folder)
    np.testing.assert_array_equal(found, (expected[:, 0].numpy() * 255).round().astype(np.uint8))
    assert len(np.unique(found.reshape(5, -1), axis=0)) == 5

    with Image.open(folder / "samples.png") as sheet:
        assert sheet.size == (3 * (56 + 2) + 2, 2 * (56 + 2) + 2)  # 3 columns of images twice as large
        cut = np.asarray(sheet)[2:58:2, 2:58:2, 0]
    np.testing.assert_array_equal(cut, found[0])


def test_the_seed_decides_and_older_files_make_way(runs, ask, tmp_path):
    out = tmp_path / "new" / "drawn"
    found = {}
    for seed, n in ((0, 4), (1, 4), (0, 4), (0, 2)):
        assert ask(runs["vae"], f"seed={seed}", f"n={n}", f"out={out}").code == 0
        found[seed, n, len(found)] = pictures(out)
    first, other, again, few = found.values()
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    assert len(few) == 2
    assert [path.name for path in out.parent.iterdir()] == ["drawn"]  # no draft is left


@pytest.mark.parametrize("kind", ["vae_conditional", "gan_conditional"])
def test_a_class(runs, ask, kind, tmp_path, monkeypatch):
    monkeypatch.setattr(drawing, "DRAWN", 3)
    for word in ("3", "12"):
        end = ask(runs[kind], "n=11", *([f"class={word}"] if word == "3" else []), f"out={tmp_path / word}")
        assert (end.code, end.err) == (0, "")
    task, _ = load_task(runs[kind], "generate")
    for word, labels in (("3", torch.full((11,), 3)), ("12", torch.arange(11) % 10)):
        generator = torch.Generator().manual_seed(0)
        with torch.inference_mode():
            expected = torch.cat([task.generate(len(part), generator, part) for part in labels.split(3)])
        np.testing.assert_array_equal(
            pictures(tmp_path / word), (expected[:, 0].numpy() * 255).round().astype(np.uint8)
        )


def test_a_class_by_its_name(runs, ask, tmp_path):
    path = runs["vae_conditional"] / "checkpoints" / "best.ckpt"
    content = torch.load(path, weights_only=True)
    content["classes"] = ["T-shirt", "Trouser", *"abcdefgh"]
    torch.save(content, tmp_path / "clothes.ckpt")
    ask(tmp_path / "clothes.ckpt", "n=2", "class=Trouser")
    named = pictures(tmp_path / "samples")  # beside the checkpoint
    ask(tmp_path / "clothes.ckpt", "n=2", "class=1")
    np.testing.assert_array_equal(pictures(tmp_path / "samples"), named)
    end = ask(tmp_path / "clothes.ckpt", "class=trousers")
    assert (end.code, end.out) == (1, "")
    assert end.err == "dlexp: there is no class 'trousers' (did you mean 'Trouser'?)\n"


def test_one_line_says_what_is_wrong(runs, ask, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "holiday.png").write_text("")
    (tmp_path / "damaged.ckpt").write_bytes(b"PK")
    vae = runs["vae"]
    for words, parts in (
        ((tmp_path / "nowhere",), ("no run at", "nowhere")),
        ((tmp_path / "empty",), ("empty", "no checkpoint")),
        ((tmp_path / "damaged.ckpt",), ("damaged.ckpt", "damaged")),
        ((runs["classifier"],), ("Classification", "task=vae or task=gan", "dlexp.predict")),
        ((runs["classifier"],), ("task=next_token", "answers words, such as task=reversal")),
        ((runs["autoencoder"],), ("cannot generate", "task=vae or task=gan", "dlexp.reconstruct")),
        ((runs["numbers"],), ("cannot generate", "task=vae")),
        ((vae, "n=0"), ("n=0", "1 to 10,000")),
        ((vae, "n=10001"), ("n=10001",)),
        ((vae, "n=many"), ("n=many",)),
        ((vae, "n="), ("n=", "how many")),
        ((vae, "n"), ("give a value, n=",)),
        ((vae, "seed=-1"), ("seed=-1",)),
        ((vae, "sed=1"), ("'sed='", "did you mean 'seed'")),
        ((vae, "64"), ("'64='", "class, n, out, prompt, seed")),
        ((vae, "prompt=hello"), ("prompt= means nothing to a run that draws images", "n=, seed=, class=, out=")),
        ((vae, "temperature=1"), ("temperature= means nothing",)),
        ((vae, "class=3"), ("class 3", "without classes")),
        ((runs["gan_conditional"], "class=10"), ("no class '10'",)),
        ((runs["gan_conditional"], "class=-1"), ("no class '-1'",)),
        ((vae, f"out={tmp_path / 'file'}"), ("file of that name",)),
        ((vae, f"out={tmp_path / 'full'}"), ("holiday.png", "another folder")),
        ((vae, f"out={tmp_path / 'file' / 'below'}"), ("cannot write",)),
    ):
        end = ask(*words)
        assert (end.code, end.out) == (1, ""), words
        (line,) = end.err.splitlines()
        assert line.startswith("dlexp: ")
        for part in parts:
            assert part in line
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["holiday.png"]


def test_only_what_was_written_here_makes_way(runs, ask, tmp_path):
    def refused(folder, example):
        before = {path.name: path.stat().st_ino for path in folder.iterdir()}
        end = ask(runs["vae"], "n=3", f"out={folder}")
        assert (end.code, end.out) == (1, "")
        assert end.err == f"dlexp: out={folder} holds other files, such as {example}: give another folder\n"
        assert {path.name: path.stat().st_ino for path in folder.iterdir()} == before

    out = tmp_path / "out"
    assert ask(runs["vae"], "n=5", f"out={out}").code == 0
    with Image.open(out / "samples.png") as overview:
        assert overview.info["Comment"] == "dlexp wrote 5 pictures"
        overview.load()

    own = tmp_path / "own"
    own.mkdir()
    for name in ("0000.png", "0003.png"):
        shutil.copy(out / name, own)
    refused(own, "0000.png")  # without an overview
    shutil.copy(out / "0004.png", own / "samples.png")
    refused(own, "0000.png")  # with one that is not ours
    for number in (5, 7):
        added = shutil.copy(out / "0000.png", out / f"{number:04}.png")
        refused(out, f"{number:04}.png")  # beyond the count
        added.unlink()
    (out / "0001.png").unlink()
    assert ask(runs["vae"], "n=3", f"out={out}").code == 0
    assert len(pictures(out)) == 3


def test_an_early_end_leaves_the_older_files(runs, ask, tmp_path, monkeypatch):
    out = tmp_path / "samples"
    assert ask(runs["vae"], "n=3", f"out={out}").code == 0
    before = pictures(out)
    shutil.copytree(out, tmp_path / "copy")

    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("dlexp.picture_folder.png", full)
    end = ask(runs["vae"], "n=5", f"out={out}")
    assert end.code == 1
    assert end.err == f"dlexp: cannot write {out}: No space left on device; give another folder as out\n"
    np.testing.assert_array_equal(pictures(out), before)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["copy", "samples"]


# --- text ------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=["char_lstm", "char_transformer"])
def play(request, launch, tmp_path_factory):
    """A run that has read a little."""
    folder = tmp_path_factory.mktemp("play") / "run"
    sizes = {"char_lstm": ["model.hidden_size=12"], "char_transformer": ["model.size=12", "model.layers=1"]}
    words = [f"model={request.param}", *sizes[request.param], "trainer.limit_train_batches=5", "trainer.max_epochs=1"]
    few = [
        "data.length=16",
        *("callbacks.bits_over_context=null", "callbacks.text_samples=null"),
        "callbacks.curves=null",
        "logger=none",
    ]
    end = launch("task=next_token", "trainer=cpu", *words, *few, folder=folder)
    assert (end.code, end.err) == (0, "")
    return folder


def test_text(play, ask, tmp_path):
    end = ask(play, "prompt=ROMEO:", "n=50", "seed=1")
    assert (end.code, end.err) == (0, "")
    task, checkpoint = load_task(play, "generate")
    alphabet = checkpoint["preprocessing"]["alphabet"]
    words = {"temperature": 0.8, "top_k": None, "top_p": None, "letters": 61}
    prompt = torch.tensor([[alphabet.index(letter) + 1 for letter in "ROMEO:"]])
    expected = task.write(prompt, 50, **words, generator=torch.Generator().manual_seed(1))
    assert end.out == "ROMEO:" + "".join(alphabet[number - 1] for number in expected[0]) + "\n"
    assert ask(play, "prompt=ROMEO:", "n=50", "seed=1").out == end.out
    assert ask(play, "prompt=ROMEO:", "n=50", "seed=2").out != end.out

    out = tmp_path / "new" / "text.txt"
    said = ask(play / "checkpoints" / "last.ckpt", "prompt=ROMEO:", "n=50", "seed=1", f"out={out}")
    assert (said.code, said.out) == (0, f"56 characters: {out}\n")
    assert out.read_text() == end.out


def test_greedy_text_needs_no_seed(play, ask):
    found = {ask(play, "n=30", *words).out for words in (["temperature=0"], ["temperature=0", "seed=5"], ["top_k=1"])}
    assert len(found) == 1
    assert found == {ask(play, "n=30", "top_p=0", "seed=9").out}
    assert len(found.pop()) == 31
    drawn = {ask(play, "n=30", f"temperature={temperature}").out for temperature in (0, 0.8, 3)}
    assert len(drawn) == 3


def test_one_line_says_what_is_wrong_with_the_words_for_text(play, ask, tmp_path):
    for word, parts in (
        ("class=3", ("class= means nothing to a run that writes text", "prompt=, n=, temperature=")),
        ("beam=3", ("beam= means nothing",)),
        ("prompt=Grüße, 世界", ("does not know 'ü', 'ß', '世', '界'", "61 characters")),
        ("prompt=", ("give a value, prompt=…",)),
        ("n=0", ("n=0", "1 to 100,000")),
        ("temperature=-1", ("temperature=-1", "0 to 100")),
        ("temperature=hot", ("temperature=hot",)),
        ("temperature=nan", ("temperature=nan",)),
        ("temperature=1e-300", ("temperature=1e-300", "give 0, or a number from 0.01 to 100")),
        ("top_k=0", ("top_k=0", "1 to 61")),
        ("top_k=62", ("top_k=62",)),
        ("top_p=1.5", ("top_p=1.5", "0 to 1")),
        ("seed=x", ("seed=x",)),
        ("temprature=1", ("did you mean 'temperature'",)),
        (f"out={tmp_path}", ("there is one of that name already",)),
        (f"out={play / 'result.json' / 'text.txt'}", ("cannot write",)),
    ):
        end = ask(play, word)
        assert (end.code, end.out) == (1, ""), word
        (line,) = end.err.splitlines()
        assert line.startswith("dlexp: ")
        for part in parts:
            assert part in line


def test_the_help_names_all_words(ask):
    end = ask("--help")
    assert end.code == 0
    for word in ("class=", "prompt=", "temperature=", "top_k=", "top_p=", "beam="):
        assert f"  {word}" in end.out


@pytest.fixture(scope="module")
def backwards(launch, tmp_path_factory):
    """A run that has learned to say short words of four letters backwards."""
    folder = tmp_path_factory.mktemp("backwards") / "run"
    words = ("data.letters=4", "data.shortest=1", "data.longest=3", "data.batches=60", "trainer.max_epochs=3")
    few = ("data.validation=50", "data.test=50", "model.hidden_size=32", "callbacks.curves=null", "logger=none")
    off = ("callbacks.accuracy_over_length=null", "callbacks.transduction_figures=null")
    end = launch("task=reversal", "trainer=cpu", *words, *few, *off, "optimizer.lr=0.02", folder=folder)
    assert (end.code, end.err) == (0, "")
    assert end.result["metrics"]["test/sequence_accuracy"] == 1
    return folder


def test_a_run_of_reversal_answers(backwards, ask):
    for word in ("a", "ab", "dac", "cba", "bbd"):
        for words in ([], ["beam=1"], ["beam=4"]):
            end = ask(backwards, f"prompt={word}", *words)
            assert (end.code, end.out, end.err) == (0, word[::-1] + "\n", "")
    for words, parts in (
        ([], ("letters abcd", "prompt=…")),
        (["prompt=abe"], ("does not know 'e'",)),
        (["prompt=abcd"], ("4 letters", "3 at most")),
        (["prompt=abc", "beam=0"], ("beam=0",)),
        (["prompt=abc", "n=3"], ("n= means nothing to a run that answers: it takes prompt=, beam=",)),
    ):
        end = ask(backwards, *words)
        assert (end.code, end.out) == (1, ""), words
        (line,) = end.err.splitlines()
        for part in parts:
            assert part in line


def test_answers_are_searched_for_as_in_the_run_and_may_have_no_end(backwards, ask, monkeypatch):
    """Of a task that is made up."""

    class Widest:
        beam = 2

        def answer(self, source: torch.Tensor, beam: int) -> list[int]:
            assert source.tolist() == [[3, 4]]
            return [3] * beam if beam < 9 else [4] * 200

    preprocessing = {"alphabet": "abcd", "longest": 6, "first": 3}
    monkeypatch.setattr(generate, "load_task", lambda run, name: (Widest(), {"preprocessing": preprocessing}))
    assert ask(backwards, "prompt=ab").out == "aa\n"
    assert ask(backwards, "prompt=ab", "beam=5").out == "aaaaa\n"
    said, note = ask(backwards, "prompt=ab", "beam=9").out.splitlines()
    assert said == 200 * "b"
    assert "no end" in note
