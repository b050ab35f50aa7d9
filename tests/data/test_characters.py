"""Texts by characters: the alphabet, the windows of a training, and each character of a split once."""

from collections import Counter

import numpy as np
import pytest
import torch

from dlexp.data.text.alphabet import UNKNOWN, alphabet_of, numbers, written
from dlexp.data.text.characters import Characters
from dlexp.data.text.text_loaders import UNCOUNTED, SplitLoader, TextLoader
from dlexp.data.text.windows import ShuffledWindows, Streams
from dlexp.errors import InputError

TEXT = "Grüße an die Welt, 世界 \U0001f40d!\nUnd noch eine Zeile.\n"
SIZES = {"size": 103, "length": 5, "batch_size": 3, "seed": 0, "rank": 0, "world_size": 1}
KINDS = {"streams": Streams, "shuffled": ShuffledWindows}


def data(**changes) -> Characters:
    arguments = {"path": None, "characters": 100, "length": 64, "stateful": True, "validation": 0.1, "test": 0.1}
    more = {"warm_up": 20, "batch_size": 32, "eval_batch_size": 7, "seed": 0}
    found = Characters(**(arguments | more | changes))
    found.setup()
    return found


# --- the alphabet ----------------------------------------------------------------------------------------


def test_the_alphabet_is_the_commonest_first():
    counts = Counter(TEXT)
    expected = sorted(counts, key=lambda character: (-counts[character], character))
    assert alphabet_of(TEXT, 1000) == "".join(expected)
    assert alphabet_of(TEXT, 4) == "".join(expected[:4])


def test_there_and_back():
    alphabet = alphabet_of(TEXT, 1000)
    found = numbers(TEXT, alphabet)
    assert found.dtype == np.int16
    assert found.tolist() == [alphabet.index(character) + 1 for character in TEXT]
    assert written(found, alphabet) == TEXT
    few = alphabet[:5]
    assert written(numbers(TEXT, few), few) == "".join(c if c in few else UNKNOWN for c in TEXT)
    assert numbers("", few).shape == (0,)
    assert numbers("\U0010ffff\0", few).tolist() == [0, 0]  # beyond all of the alphabet, and before


# --- windows ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("size", "batches"), [(103, 6), (34, 2), (33, 1), (29, 1), (19, 1)])
def test_windows_of_an_epoch_do_not_overlap_and_all_text_is_used(kind, size, batches):
    windows = KINDS[kind](**(SIZES | {"size": size}))
    visits = torch.zeros(size, dtype=torch.int64)
    for epoch in range(200):
        windows.set_epoch(epoch)
        starts = windows.starts()
        assert starts.shape == (windows.batches, 3) == (batches, 3)
        places = (starts.flatten()[:, None] + torch.arange(5)).flatten().sort().values
        assert (places.diff() >= 1).all()
        assert places[0] >= 0
        assert places[-1] < size
        visits[places] += 1
        assert torch.equal(starts, windows.starts())
    assert visits.min() > 0  # the tail as well, though an epoch has no batch for it


@pytest.mark.parametrize("kind", KINDS)
def test_what_does_not_fill_a_batch_has_its_turn(kind):
    windows = KINDS[kind](size=2000, length=64, batch_size=16, seed=0, rank=0, world_size=1)
    assert windows.batches == 1  # 1,024 of 2,000 places
    visits = torch.zeros(2000)
    for epoch in range(400):
        windows.set_epoch(epoch)
        visits[(windows.starts().flatten()[:, None] + torch.arange(64)).flatten()] += 1
    assert visits[16:-16].min() > 0  # of the outermost each has a chance in hundreds
    if kind == "shuffled":  # each window that fits is as likely as any other
        assert visits[64:1900].min() > 0.8 * visits[64:1900].mean()


def test_streams_go_on_and_shuffled_windows_do_not():
    starts = Streams(**SIZES).starts()
    assert torch.equal(starts[1:] - starts[:-1], torch.full((5, 3), 5))
    shuffled = ShuffledWindows(**SIZES)
    first = shuffled.starts()
    shuffled.set_epoch(1)
    assert (first.diff(dim=0) != 5).any()
    assert not torch.equal(first - first.min(), shuffled.starts() - shuffled.starts().min())
    other = ShuffledWindows(**(SIZES | {"seed": 1})).starts()
    assert not torch.equal(first - first.min(), other - other.min())


@pytest.mark.parametrize("kind", KINDS)
def test_ranks_share_out_the_windows(kind):
    shards = [KINDS[kind](**(SIZES | {"rank": rank, "world_size": 2})).starts() for rank in range(2)]
    assert [shard.shape for shard in shards] == [(3, 3), (3, 3)]
    together = torch.cat(shards).flatten().sort().values
    assert len(together) == 18
    assert (together.diff() % 5 == 0).all()
    assert (together.diff() >= 5).all()


def test_fewer_characters_than_a_batch():
    assert Streams(**(SIZES | {"size": 19})).batches == 1
    with pytest.raises(InputError, match=r"has 19 characters.* 3 windows of 5 needs 20: lower data\.batch_size or"):
        Streams(**(SIZES | {"size": 18}))
    with pytest.raises(InputError, match="on each of 2 devices needs 35"):
        Streams(**(SIZES | {"size": 19, "world_size": 2}))


# --- batches of a training ---------------------------------------------------------------------------------


def loader(kind="streams", epoch=0, processed=0, **changes) -> TextLoader:
    windows = KINDS[kind](**(SIZES | changes))
    windows.set_epoch(epoch)
    text = torch.arange(1000, 1104, dtype=torch.int16)
    return TextLoader(text=text, windows=windows, processed=lambda: processed)


@pytest.mark.parametrize("kind", KINDS)
def test_batches(kind):
    batches = list(loader(kind))
    assert len(batches) == len(loader(kind)) == 6
    for number, ((x, target, before), starts) in enumerate(zip(batches, loader(kind).sampler.starts(), strict=True)):
        assert x.dtype == target.dtype == torch.int64
        assert torch.equal(x, 1000 + starts[:, None] + torch.arange(5))
        assert torch.equal(target, x + 1)
        if kind == "streams" and number:
            assert before is None
            assert torch.equal(x[:, 0], batches[number - 1][1][:, -1])
        else:
            assert before.shape == (3, 0)


@pytest.mark.parametrize("kind", KINDS)
def test_goes_on_with_the_batch_that_was_next(kind):
    whole = list(loader(kind, epoch=2))
    resumed = loader(kind)
    resumed.load_state_dict(loader(kind, epoch=2, processed=4).state_dict())
    rest = list(resumed)
    assert len(rest) == 2
    assert all(torch.equal(one[0], other[0]) for one, other in zip(rest, whole[4:], strict=True))
    assert (rest[0][2] is None) == (kind == "streams")  # the state is in the checkpoint
    resumed.sampler.set_epoch(3)
    assert torch.equal(next(iter(resumed))[0], next(iter(loader(kind, epoch=3)))[0])
    with pytest.raises(InputError, match=r"epoch of 9 batches, here it has 6: .*data\.length"):
        loader(kind).load_state_dict(loader(kind, processed=1, batch_size=2).state_dict())
    loader(kind).load_state_dict(loader(kind, processed=0, batch_size=2).state_dict())


# --- a split, each character once ----------------------------------------------------------------------------


@pytest.mark.parametrize("warm_up", [0, 4, 300])
@pytest.mark.parametrize(("first", "last"), [(60, 100), (1, 100), (60, 61), (60, 97)])
@pytest.mark.parametrize("streams", [1, 3, 7, 1000])
@pytest.mark.parametrize("world_size", [1, 2])
def test_each_character_once_after_what_stands_before_it(first, last, streams, warm_up, world_size):
    text = torch.arange(200, dtype=torch.int16)
    asked, batches = [], []
    for rank in range(world_size):
        loader = SplitLoader(
            text=text,
            first=first,
            last=last,
            length=4,
            streams=streams,
            warm_up=warm_up,
            rank=rank,
            world_size=world_size,
        )
        known = None
        batches.append(0)
        for x, target, before in loader:
            assert x.shape == target.shape
            counted = target != UNCOUNTED
            assert torch.equal(x[counted] + 1, target[counted])
            if known is None:
                assert before.shape == (len(x), min(warm_up, first - 1))
                if before.shape[1]:
                    assert torch.equal(before[:, -1] + 1, x[:, 0].where(counted[:, 0], before[:, -1] + 1))
                    whole = counted[:, 0]
                    assert (before[whole].diff(dim=1) == 1).all()
            else:
                assert before is None
                assert torch.equal((known + 1)[counted[:, 0]], x[:, 0][counted[:, 0]])
            known = x[:, -1]
            asked += target[counted].tolist()
            batches[-1] += 1
        assert batches[-1] == len(loader)
        assert len(x) <= streams
    assert sorted(asked) == list(range(first, last))
    assert len(set(batches)) == 1  # as many on each rank: they wait for one another


# --- the data module -----------------------------------------------------------------------------------------


def test_the_parts_of_the_play():
    found = data()
    text = found.read(found.text)
    assert found.bounds == {"train": (1, 106_772), "val": (106_772, 120_118), "test": (120_118, 133_465)}
    assert text.startswith("SAMPSON:")
    assert found.preprocessing == {"alphabet": found.alphabet}
    assert found.alphabet[:3] == " et"
    assert found.unknown == 0
    assert [len(found.labels(split)) for split in ("train", "val", "test")] == [106_771, 13_346, 13_347]
    x, following = found.splits["val"]
    assert found.read(x[1:]) == found.read(following[:-1]) == text[106_772:120_117]
    assert x.untyped_storage().data_ptr() == found.text.untyped_storage().data_ptr()  # the text lies there once
    assert [len(found.train_dataloader()), len(data(stateful=False).train_dataloader())] == [52, 52]
    asked = torch.cat([target[target != UNCOUNTED] for _, target, _ in found.test_dataloader()])
    assert asked.bincount().equal(following_counts(found, "test", len(asked.bincount())))


def following_counts(found: Characters, split: str, size: int) -> torch.Tensor:
    return found.labels(split).long().bincount(minlength=size)


def test_what_the_alphabet_leaves_out_is_unknown(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("abcabdab" * 50 + "xyz" * 40)  # x, y and z are in no training part
    found = data(path=str(path), characters=3, length=4, batch_size=2, validation=0.2, test=0.2)
    assert found.alphabet == "abc"
    text = path.read_text()
    assert found.read(found.text) == "".join(c if c in "abc" else UNKNOWN for c in text)
    assert found.unknown == pytest.approx(sum(c not in "abc" for c in text) / len(text))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"validation": 0}, r"data\.validation=0: give the share"),
        ({"test": 1}, r"data\.test=1: "),
        ({"test": "half"}, r"data\.test=half"),
        ({"validation": 0.5, "test": 0.5}, "leave no text to learn from"),
        ({"characters": 0}, r"data\.characters=0: .*1 or more"),
        ({"characters": 40_000}, r"data\.characters=40000: give 32,000 at most"),
        ({"length": 1}, r"data\.length=1: .*2 or more"),
        ({"warm_up": -1}, r"data\.warm_up=-1"),
        ({"stateful": "yes"}, r"data\.stateful=yes: give true or false"),
        ({"batch_size": 0}, r"data\.batch_size=0"),
        ({"eval_batch_size": 0}, r"data\.eval_batch_size=0"),
    ],
)
def test_bad_arguments(changes, said):
    with pytest.raises(InputError, match=said):
        data(**changes)


def test_a_text_that_is_too_short(tmp_path):
    path = tmp_path / "text.txt"
    path.write_text("To be")
    with pytest.raises(InputError, match=r"the text has 5 characters, too few for data\.validation=0\.1"):
        data(path=str(path))
    path.write_text("To be, or not to be. " * 10)
    short = data(path=str(path))
    with pytest.raises(InputError, match=r"training part of the text has 168 characters.*lower data\.batch_size"):
        short.train_dataloader()
