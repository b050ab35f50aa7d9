"""The encoder-decoder's task against loops over letters."""

from functools import cache, partial
from types import SimpleNamespace

import pytest
import torch
from fitting import Loader, fit, runner
from torch import Tensor, nn

from dlexp.errors import InputError
from dlexp.layers.decoding.forced import shifted
from dlexp.layers.decoding.greedy import greedy
from dlexp.layers.tokens import BEGIN, END, FIRST, PAD
from dlexp.models.sequence.recurrent_seq2seq import RecurrentSeq2Seq
from dlexp.optim.schedules import constant
from dlexp.tasks.transduction import Transduction

pytestmark = pytest.mark.filterwarnings(
    *("ignore:.*LeafSpec", "ignore:.*no `val_dataloader`", "ignore:.*does not have many workers"),
    *("ignore:.*log_every_n_steps", "ignore:.*`isinstance.treespec"),
)
LETTERS = 4
SETUP = Transduction.setup


def network(seed: int = 0, **changes) -> RecurrentSeq2Seq:
    torch.manual_seed(seed)
    arguments = {"letters": LETTERS, "cell": "gru", "attention": "dot", "embedding_size": 6, "hidden_size": 7}
    arguments |= {"layers": 1, "bidirectional": True, "dropout": 0.0, "implementation": "torch"}
    return RecurrentSeq2Seq(**arguments | changes)


def task(model: nn.Module | None = None, **changes) -> Transduction:
    arguments = {
        "optimizer": partial(torch.optim.SGD, lr=0.5),
        "scheduler": constant,
        "forced": "steps",
        "forced_at_end": 1.0,
        "label_smoothing": 0.0,
        "beam": 1,
        "length_power": 0.0,
        "monitor": "val/sequence_accuracy",
        "mode": "max",
    }
    return Transduction(model=model or network(), **(arguments | changes))


def batches(*sizes: int) -> list[tuple[Tensor, Tensor]]:
    """Words of 1 to 4 letters and their reversals."""
    generator = torch.Generator().manual_seed(1)
    found = []
    for size in sizes:
        lengths = torch.randint(1, 5, (size, 1), generator=generator)
        words = torch.randint(FIRST, FIRST + LETTERS, (size, 4), generator=generator)
        words[torch.arange(4) >= lengths] = PAD
        right = torch.zeros(size, 5, dtype=torch.int64)
        for row, length in enumerate(lengths[:, 0].tolist()):
            right[row, :length] = words[row, :length].flip(0)
            right[row, length] = END
        found.append((words, right))
    return found


@pytest.fixture(autouse=True)
def no_data_module(monkeypatch):
    """Loaders are given to the trainer as they are."""
    monkeypatch.setattr(Transduction, "setup", lambda self, stage: None)


def nats(model: nn.Module, words: Tensor, right: Tensor, smoothing: float = 0.0) -> list[Tensor]:
    """Of every token that is not padding, word by word, none of them padded."""
    found = []
    for word, answer in zip(words, right, strict=True):
        word, answer = word[word != PAD], answer[answer != PAD]
        given = torch.cat([torch.tensor([BEGIN]), answer[:-1]])
        logs = model(word[None], given[None])[0].log_softmax(1)  # (T, V)
        for log, token in zip(logs, answer, strict=True):
            found.append(-((1 - smoothing) * log[token] + smoothing * log.mean()))
    return found


# --- training ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_training_equals_a_loop_over_letters(smoothing):
    module = task(label_smoothing=smoothing)
    found = fit(module, batches(6, 3, 5), max_epochs=2)

    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    for _ in range(2):
        losses = []
        for words, right in batches(6, 3, 5):
            loss = torch.stack(nats(model, words, right, smoothing)).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    for ours, theirs in zip(module.model.parameters(), model.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-6)
    assert found["train/loss"] == pytest.approx(sum(losses) / 3, rel=1e-4)
    assert found["train/forced"] == 1


def test_what_it_logs_is_what_it_says():
    module = task()
    trainer = runner()
    trainer.fit(module, Loader(batches(4)), Loader(batches(4)))
    found = set(trainer.callback_metrics)
    trainer = runner()
    trainer.test(module, Loader(batches(4)), verbose=False)
    assert found | set(trainer.callback_metrics) == module.logged


@pytest.mark.parametrize("forced", ["steps", "words"])
def test_the_share_that_is_told_the_truth(forced, monkeypatch):
    """It goes evenly from 1 to the last, over steps or over whole words."""
    told = []

    def spy(model, words, right, truth):
        told.append(truth)
        return shifted(right)

    monkeypatch.setattr("dlexp.tasks.transduction.partly_forced", spy)
    module = task(forced=forced, forced_at_end=0.2)
    fit(module, batches(*[400] * 8))
    shares = [truth.float().mean().item() for truth in told]
    assert shares == pytest.approx([1 - 0.8 * step / 8 for step in range(1, 8)], abs=0.08)  # the first is all truth
    uniform = [(truth == truth[:, :1]).all().item() for truth in told]
    assert all(uniform) if forced == "words" else not any(uniform)


def test_free_words_in_training_are_those_of_greedy_decoding():
    module = task(forced="words", forced_at_end=0.0)
    ((words, right),) = batches(8)
    module._trainer = type("At", (), {"global_step": 10, "estimated_stepping_batches": 10})()
    given = module.given(words, right)
    said = greedy(module.model, words, 5)
    for row, answer in zip(given, said, strict=True):
        ended = (answer == END).nonzero()
        until = int(ended[0]) + 1 if len(ended) else 4
        assert row[1 : until + 1].tolist() == answer[: min(until, 4)].tolist()


# --- evaluation --------------------------------------------------------------------------------------------


@cache
def half_learned() -> dict[str, Tensor]:
    """Weights that answer some words right and others wrong."""
    model = network(seed=3)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    ((words, right),) = batches(64)
    for _ in range(60):
        loss = nn.functional.cross_entropy(model(words, shifted(right)).transpose(1, 2), right, ignore_index=PAD)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model.state_dict()


@pytest.mark.parametrize("beam", [1, 3])
@pytest.mark.parametrize("stage", ["val", "test"])
def test_an_evaluation_equals_a_loop(stage, beam):
    module = task(network(seed=3), beam=beam, label_smoothing=0.3)  # which is for training alone
    module.model.load_state_dict(half_learned())
    trainer = runner()
    evaluate = trainer.validate if stage == "val" else trainer.test
    (found,) = evaluate(module, Loader(batches(40, 17)), verbose=False)
    module.eval()
    hits = tokens = whole = words_seen = 0
    losses = []
    with torch.no_grad():
        for words, right in batches(40, 17):
            losses += nats(module.model, words, right)
            for word, answer in zip(words, right, strict=True):
                expected = answer[answer != PAD].tolist()
                (said,) = module.decode(word[word != PAD][None], 5, beam).tolist()
                said = said[: len(expected)]
                same = [a == b for a, b in zip(said, expected, strict=False)]
                hits += sum(same)
                tokens += len(expected)
                whole += said == expected
                words_seen += 1
    assert 0 < whole < words_seen
    assert found[f"{stage}/loss"] == pytest.approx(torch.stack(losses).mean().item(), rel=1e-4)
    assert found[f"{stage}/sequence_accuracy"] == pytest.approx(whole / words_seen)
    assert found[f"{stage}/token_accuracy"] == pytest.approx(hits / tokens)


@pytest.mark.parametrize("beam", [1, 3])
def test_it_answers_with_letters_alone(beam):
    module = task(network(seed=3)).eval()
    module.model.load_state_dict(half_learned())
    ((words, right),) = batches(64)
    said = module.decode(words, 5, beam)
    learned = (said == right).all(1).nonzero()[:, 0].tolist()  # in so many tokens, all have ended
    assert len(learned) > 20
    for row in learned:
        word = words[row][words[row] != PAD]
        assert module.answer(word[None], beam) == word.flip(0).tolist()
        assert all(type(token) is int for token in module.answer(word[None], beam))


def test_an_evaluation_begins_anew():
    """Whatever one that was cut short has left."""
    module = task()
    runner().validate(module, Loader(batches(5)), verbose=False)
    module.sums.append(torch.full_like(module.sums[0], 1e6))
    module.pairs.append(torch.full((module.model.tokens,) * 2, 1000))
    one, other = (runner().test(now, Loader(batches(9, 4)), verbose=False) for now in (module, task()))
    assert one == other
    one, other = (runner().validate(now, Loader(batches(9, 4)), verbose=False) for now in (module, task()))
    assert one == other


# --- stopped and resumed -----------------------------------------------------------------------------------

SMALL = (
    *("task=reversal", "trainer=cpu", "data.batches=6", "data.validation=20", "data.test=20", "data.batch_size=16"),
    *("data.longest=5", "model.hidden_size=16", "model.dropout=0.1", "task.forced_at_end=0.3", "logger=none"),
    *("callbacks.curves=null", "callbacks.transduction_figures=null", "callbacks.accuracy_over_length=null"),
)


def test_resumed_within_an_epoch_bit_by_bit(resumed_beside_unbroken):
    """The coins of teacher forcing go on where they were, and so does its share."""
    words = (*SMALL, "trainer.max_epochs=3")
    resumed_beside_unbroken(Transduction, 10, *words)  # the fourth of six steps in the second epoch


# --- what cannot be ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"forced": "letters"}, r"task\.forced=letters .*steps, words"),
        ({"forced_at_end": 1.5}, r"task\.forced_at_end=1\.5"),
        ({"label_smoothing": -0.1}, r"task\.label_smoothing=-0\.1"),
        ({"beam": 0}, r"task\.beam=0"),
        ({"length_power": -1}, r"task\.length_power=-1"),
        ({"model": nn.Linear(2, 2)}, "Linear does not answer a word .*model=seq2seq"),
    ],
    ids=lambda part: " ".join(part) if isinstance(part, dict) else "",
)
def test_bad_arguments(changes, line):
    with pytest.raises(InputError, match=line):
        task(**changes)


def set_up(module: Transduction, data: object, **trainer: int) -> None:
    module._trainer = SimpleNamespace(datamodule=data, **{"max_epochs": 2, "max_steps": -1} | trainer)
    SETUP(module, "fit")


def test_data_that_does_not_fit():
    with pytest.raises(InputError, match="object has none: choose data=reversal"):
        set_up(task(), object())
    for letters in (1, LETTERS):
        set_up(task(), SimpleNamespace(of_lengths=None, letters=letters))
    with pytest.raises(InputError, match=r"^model\.letters=4: .* 5 letters, leave it at \$\{data\.letters\}$"):
        set_up(task(), SimpleNamespace(of_lengths=None, letters=LETTERS + 1))


def test_a_share_at_the_end_asks_for_an_end():
    data = SimpleNamespace(of_lengths=None, letters=LETTERS)
    set_up(task(forced_at_end=0.5), data, max_epochs=-1, max_steps=10)
    set_up(task(), data, max_epochs=-1)  # the truth throughout
    with pytest.raises(InputError, match=r"^task\.forced_at_end=0\.5 .*trainer\.max_epochs=-1"):
        set_up(task(forced_at_end=0.5), data, max_epochs=-1)


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (("task=reversal", "model=lenet"), ("image",)),
        (("task=reversal", "model=mlp"), ("MLP", "model=seq2seq")),
        (("task=reversal", "data=adding", "+data.letters=3"), ("letters",)),
        (("task=reversal", "data=digits"), ("data.letters",)),
        (("task=reversal", "optimizer=adam_scratch"), ("autograd",)),
        (("task=mlp", "data=reversal"), ("classes",)),
        (("task=autoencoder", "data=reversal"), ("images",)),
        (("task=reversal", "data.shortest=20"), ("data.shortest=20", "data.longest=15")),
        (("task=reversal", "data.letters=30"), ("data.letters=30", "1 to 26")),
        (("task=reversal", "callbacks.transduction_figures.words=0"), ("transduction_figures.words=0",)),
        (("task=reversal", "callbacks.accuracy_over_length.lengths=[]"), ("accuracy_over_length.lengths=[]",)),
        (("task=reversal", "callbacks.accuracy_over_length.lengths=5"), ("lengths=5: give", "[5,10,20]")),
        (("task=reversal", "model.letters=5"), ("model.letters=5", "26 letters")),
        (("task=reversal", "model=seq2seq_transformer", "model.letters=0"), ("model.letters=0", "1 or more")),
    ],
    ids=lambda part: " ".join(part),
)
def test_parts_that_do_not_fit(refused, monkeypatch, words, parts):
    monkeypatch.setattr(Transduction, "setup", SETUP)
    refused("trainer=debug", *words, parts=parts)
