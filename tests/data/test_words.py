"""Texts as words: what is known, what is drawn and how often, and that an epoch can be taken up anywhere."""

from collections import Counter

import numpy as np
import pytest
import torch
from scipy.stats import chisquare
from torch import Tensor

from dlexp.data.order import ORDER, stream
from dlexp.data.text.vocabulary import commonest, numbers, share_kept, shares, split_words
from dlexp.data.text.word_loaders import Draws, JudgedStretches, StretchLoader
from dlexp.data.text.words import Words
from dlexp.errors import InputError
from dlexp.layers.pairs import pairs

V, WINDOW, LENGTH, SHOWN = 7, 3, 4, 5


def draws(words: Tensor | None = None, **changes) -> Draws:
    random = torch.Generator().manual_seed(5)
    words = torch.randint(V, (103,), generator=random) if words is None else words
    arguments = {"kept": torch.ones(V), "noise": torch.full((V,), 1 / V), "window": WINDOW, "length": LENGTH}
    return Draws(words=words, **({"shown": SHOWN} | arguments | changes))


def loader(processed: int = 0, *, batch_size: int = 16, **changes) -> StretchLoader:
    arguments = {"draws": draws(kept=torch.full((V,), 0.7)), "seed": 3} | changes
    return StretchLoader(batch_size=batch_size, processed=lambda: processed, **arguments)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def equal(a: list, b: list) -> bool:
    parts = [(x, y) for one, two in zip(a, b, strict=False) for x, y in zip(one, two, strict=True)]
    return len(a) == len(b) and all(torch.equal(x, y) for x, y in parts)


# --- words -----------------------------------------------------------------------------------------------
def test_words_are_letters_and_inner_apostrophes():
    text = "O, swear not by th' moon--I'll\n'Tis 12 \u00c9l\u2019s."
    assert split_words(text, True) == ["o", "swear", "not", "by", "th", "moon", "i'll", "tis", "\u00e9l\u2019s"]
    assert split_words(text, False)[-2:] == ["12", "\u00c9l\u2019s."]


def test_the_commonest_words_are_known_and_others_are_left_out():
    words = ["a", "b", "a", "c", "a", "b", "d", "c", "a"]
    counts = commonest(words, 3, 2)
    assert list(counts.items()) == [("a", 4), ("b", 2), ("c", 2)]
    assert list(commonest(words, 2, 1)) == ["a", "b"]
    assert numbers(words, counts).tolist() == [0, 1, 0, 2, 0, 1, 2, 0]  # d's neighbours meet
    assert len(numbers(["x"], counts)) == 0


def test_the_share_kept_is_gensims():
    Word2Vec = pytest.importorskip("gensim.models").Word2Vec
    counts = {"the": 5000, "of": 900, "cat": 40, "rare": 5}
    sample = 1e-3
    model = Word2Vec(min_count=1, sample=sample, vector_size=2)
    model.build_vocab_from_freq(counts)
    theirs = [min(1.0, model.wv.get_vecattr(word, "sample_int") / (2**32 - 1)) for word in counts]
    ours = share_kept(torch.tensor(list(counts.values())), sample)
    np.testing.assert_allclose(ours.numpy(), theirs, rtol=1e-5)
    assert ours[0] < ours[1] < ours[2] <= ours[3] == 1
    assert share_kept(torch.tensor([9, 1]), 0).tolist() == [1, 1]


def test_shares_of_the_noise():
    counts = torch.tensor([16, 81, 1])
    expected = np.array([8, 27, 1]) / 36
    np.testing.assert_allclose(shares(counts, 0.75).numpy(), expected)


# --- draws -----------------------------------------------------------------------------------------------
def test_words_are_read_noise_and_windows_drawn_as_often_as_said():
    kept = torch.tensor([0.1, 0.5, 0.9, 1.0, 0.3, 0.7, 0.2])
    noise = shares(torch.tensor([1, 2, 4, 8, 16, 32, 64]), 0.75)
    words = torch.arange(V).repeat(6000)
    made = draws(words, kept=kept, noise=noise, length=50, shown=40)
    stretches = made.stretches(generator())
    centres, _, reach, shown = made.batch(stretches, generator(1))
    read = centres[centres >= 0].bincount(minlength=V).double().numpy()
    for word in range(V):
        share = kept[word].item()
        assert abs(read[word] - 6000 * share) <= 4.5 * np.sqrt(6000 * share * (1 - share)) + 1e-9
    assert made.expected == pytest.approx(6000 * kept.sum().item())
    windows = reach.flatten()[centres >= 0].long().bincount(minlength=WINDOW + 1)
    assert windows[0] == 0
    assert chisquare(windows[1:].numpy()).pvalue > 1e-3
    counts = shown.flatten().bincount(minlength=V).numpy()
    assert chisquare(counts, noise.numpy() * counts.sum()).pvalue > 1e-3
    assert (reach.flatten()[centres < 0] == 0).all()


def reference(read: list[int], reach: list[int]) -> Counter:
    """Pairs (place of the centre, place around it)."""
    found = Counter()
    for i, far in enumerate(reach):
        for j in range(max(0, i - far), min(len(read), i + far + 1)):
            if j != i:
                found[i, j] += 1
    return found


@pytest.mark.parametrize("count", [1, 3, 4, 5, 23])
def test_stretches_make_the_pairs_of_the_whole_text_and_no_others(count: int):
    """Neither across its ends nor of padding; across stretches as within them."""
    words = torch.arange(count)  # each word is its place
    made = draws(words, kept=torch.ones(count), noise=torch.full((count,), 1 / count))
    stretches = made.stretches(generator())
    centres, _, reach, _ = made.batch(stretches, generator(2))
    asked = pairs(stretches, reach)
    assert centres[centres >= 0].tolist() == words.tolist()
    centre = centres.view(*reach.shape, 1).expand_as(asked)[asked].tolist()
    around = stretches[:, None].expand_as(asked)[asked].tolist()
    assert Counter(zip(centre, around, strict=True)) == reference(words.tolist(), reach.flatten()[:count].tolist())


# --- epochs ----------------------------------------------------------------------------------------------
def test_epochs_draw_anew_and_a_seed_draws_the_same():
    first, again, other = (list(loader(seed=seed)) for seed in (3, 3, 4))
    assert equal(first, again)
    assert not equal(first, other)
    later = loader()
    later.sampler.set_epoch(1)
    assert not equal(first, list(later))
    assert len(first) == len(list(later)) == len(loader()) == round(0.7 * 103 / 16)
    assert len({len(batch[1]) for batch in first}) <= 2  # of nearly equal size
    everything = torch.cat([batch[1] for batch in first])
    whole = loader()
    whole.generator.manual_seed(*stream(3, ORDER, 0, count=1))
    assert sorted(everything.tolist()) == sorted(whole.draws.stretches(whole.generator).tolist())


@pytest.mark.parametrize("first", [1, 3])
def test_an_epoch_goes_on_where_it_was_left(first: int):
    stopped = loader(first)
    stopped.sampler.set_epoch(2)
    resumed = loader()
    resumed.load_state_dict(stopped.state_dict())
    assert equal(list(resumed), list(stopped)[first:])
    assert equal(list(resumed), list(stopped))  # only once


def test_an_epoch_of_another_length_does_not_go_on():
    with pytest.raises(InputError, match="epoch of 3 batches"):
        loader().load_state_dict({"epoch": 0, "batch": 2, "batches": 3})


def test_a_split_is_judged_by_the_same_draws():
    judged = [JudgedStretches(draws=draws(), batch_size=16, seed=0) for _ in range(2)]
    assert equal(list(judged[0]), list(judged[1]))
    assert equal(list(judged[0]), list(judged[0]))
    assert len(judged[0]) == len(list(judged[0])) == 7  # 26 stretches of 4


def test_a_batch_is_a_stretch_at_least():
    assert len(loader(batch_size=1)) == len(loader(batch_size=4)) == len(list(loader(batch_size=1))) == 18
    assert {len(batch[1]) for batch in loader(batch_size=1)} <= {0, 1, 2}


@pytest.mark.parametrize(("size", "batches"), [(1, 26), (9, 13), (1000, 1)])
def test_a_split_is_judged_by_the_same_draws_in_batches_of_any_size(size: int, batches: int):
    whole, cut = (JudgedStretches(draws=draws(), batch_size=b, seed=0) for b in (16, size))
    assert len(cut) == len(list(cut)) == batches
    for one, other in zip(zip(*whole, strict=True), zip(*cut, strict=True), strict=True):
        assert torch.equal(torch.cat(one), torch.cat(other))
    assert sum((batch[0] >= 0).sum().item() for batch in cut) == 103


# --- the data --------------------------------------------------------------------------------------------
def data(**changes) -> Words:
    arguments = {
        "path": None,
        "clean": True,
        "words": 500,
        "min_count": 5,
        "sample": 1e-3,
        "window": 5,
        "stretch": 32,
        "noise": 16,
        "noise_power": 0.75,
        "validation": 0.05,
        "test": 0.1,
        "batch_size": 256,
        "eval_batch_size": 256,
        "seed": 0,
    }
    return Words(**(arguments | changes))


def test_the_play():
    play = data()
    play.setup()
    assert list(play.counts)[:4] == ["the", "and", "i", "to"]
    assert len(play.counts) == len(play.noise_shares) == len(play.kept) == 500
    assert play.preprocessing["words"][0] == "the"
    assert play.length == 21081  # of 24,802
    sizes = [len(play.labels(split)) for split in ("train", "val", "test")]
    assert sizes[0] > sizes[2] > sizes[1] > 500
    assert play.read_shares.sum() == pytest.approx(1)
    batch = next(iter(play.train_dataloader()))
    assert [part.dtype for part in batch] == [torch.int64, torch.int64, torch.int8, torch.int64]
    assert len(play.val_dataloader()) >= 1
    assert play.splits["val"][0].max() < 500


@pytest.mark.parametrize(
    ("content", "changes", "said"),
    [
        (b"", {}, "empty"),
        (b"a\0b", {}, "binary"),
        (b"\xff\xfe", {}, "UTF-8"),
        (b"one two three", {}, "min_count=5"),
        (b"to be or not to be " * 2, {"min_count": 50}, "min_count=50"),
        (b"12 34 56", {}, "min_count"),
        (b"to be " * 20 + b"x y z " * 3, {"test": 0.2}, "are known"),
        (b"a", {"window": 0}, "data.window=0"),
        (b"a", {"words": 0}, "data.words=0"),
        (b"a", {"sample": 2.0}, "data.sample=2.0"),
        (b"a", {"validation": 0.6, "test": 0.5}, "leave no text"),
        (b"a", {"clean": "no"}, "data.clean=no"),
        (b"a", {"noise": 1.5}, "data.noise=1.5"),
        (b"a", {"noise": 10**6}, "data.noise=1000000: give 10,000 at most"),
        (b"a", {"stretch": 100_000}, "data.stretch=100000: give 1,000 at most"),
    ],
)
def test_one_line(tmp_path, content, changes, said):
    path = tmp_path / "text.txt"
    path.write_bytes(content)
    with pytest.raises(InputError, match=said) as caught:
        data(**({"path": str(path)} | changes)).setup()
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value, InputError)
