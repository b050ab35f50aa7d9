"""The language model's task against plain formulas, one long unbroken run, and itself when it was stopped."""

import math
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from fitting import runner
from lightning.pytorch import Callback
from torch import nn

from dlexp.cost import cost
from dlexp.data.text.characters import Characters
from dlexp.errors import InputError
from dlexp.models.sequence.recurrent_language import RecurrentLanguage
from dlexp.models.sequence.transformer_language import TransformerLanguage
from dlexp.optim.schedules import constant
from dlexp.tasks.language_modelling import LanguageModelling

pytestmark = pytest.mark.filterwarnings(
    *("ignore:.*LeafSpec", "ignore:.*does not have many workers", "ignore:.*log_every_n_steps")
)
WORDS = "to be or not to be that is the question whether tis nobler in the mind to suffer "


@pytest.fixture(scope="module")
def path(tmp_path_factory) -> str:
    file = tmp_path_factory.mktemp("texts") / "text.txt"
    random = np.random.default_rng(0)
    file.write_text(" ".join(random.permutation(WORDS.split() * 8)))
    return str(file)


def data(path: str, **changes) -> Characters:
    arguments = {"path": path, "characters": 30, "length": 8, "stateful": True, "validation": 0.2, "test": 0.2}
    more = {"warm_up": 0, "batch_size": 3, "eval_batch_size": 1, "seed": 0}
    return Characters(**(arguments | more | changes))


def lstm(**changes) -> RecurrentLanguage:
    arguments = {"characters": 30, "cell": "lstm", "embedding_size": 4, "hidden_size": 6, "layers": 1, "dropout": 0.0}
    more = {"tied": False, "activation": "tanh", "implementation": "torch", "initialisation": "default", "chrono": None}
    torch.manual_seed(0)
    return RecurrentLanguage(**(arguments | more | changes))


def transformer() -> TransformerLanguage:
    torch.manual_seed(0)
    return TransformerLanguage(characters=30, length=8, size=8, heads=2, layers=1, dropout=0.0, tied=False)


def task(model: nn.Module | None = None, lr: float = 0.1) -> LanguageModelling:
    optimizer = partial(torch.optim.SGD, lr=lr)
    return LanguageModelling(
        model=model or lstm(),
        optimizer=optimizer,
        scheduler=constant,
        length=8,
        monitor="val/bits_per_character",
        mode="min",
    )


def task_of(length: int) -> LanguageModelling:
    words = {"optimizer": partial(torch.optim.SGD, lr=0.1), "scheduler": constant, "monitor": "val/loss", "mode": "min"}
    return LanguageModelling(model=lstm(), length=length, **words)


def by_hand(model: nn.Module, text: torch.Tensor, first: int) -> np.ndarray:
    """Nats of text[first:], the model having read all before it from the first of these numbers on."""
    with torch.no_grad():
        logits, _ = model(text[None, :-1])
    logits = logits[0].double().numpy()
    shares = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    return -np.log(shares[np.arange(len(logits)), text[1:].numpy()])[first - 1 :]


# --- evaluation --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("warm_up", [0, 5, 10_000])
def test_bits_by_hand_in_one_stream(path, warm_up):
    module, given = task(), data(path, warm_up=warm_up)
    found = runner().test(module, given, verbose=False)[0]
    first, last = given.bounds["test"]
    begin = max(first - 1 - warm_up, 0)
    nats = by_hand(module.model, given.text[begin:last].long(), first - begin)
    assert len(nats) == last - first
    assert found["test/loss"] == pytest.approx(nats.mean(), rel=1e-5)
    assert found["test/bits_per_character"] == pytest.approx(nats.mean() / math.log(2), rel=1e-5)


def test_bits_by_hand_in_streams(path):
    module, given = task(), data(path, warm_up=6, eval_batch_size=4)
    found = runner().validate(module, given, verbose=False)[0]
    first, last = given.bounds["val"]
    size = 4 * len(given.val_dataloader())  # of a stream, in pieces of half a window
    text, nats = given.text.long(), []
    for begin in range(first, last, size):
        nats.append(by_hand(module.model, text[begin - 7 : min(begin + size, last)], 7))
    assert len(nats) == 4
    assert found["val/loss"] == pytest.approx(np.concatenate(nats).mean(), rel=1e-5)


def test_it_hardly_matters_how_many_streams_there_are(path):
    def bits(model, streams, warm_up):
        given = data(path, warm_up=warm_up, eval_batch_size=streams)
        return runner().test(task(model), given, verbose=False)[0]["test/loss"]

    assert bits(transformer(), 1, 7) == pytest.approx(bits(transformer(), 9, 7), rel=1e-6)  # not at all
    assert bits(lstm(), 1, 60) == pytest.approx(bits(lstm(), 9, 60), rel=1e-5)
    assert bits(lstm(), 1, 0) != pytest.approx(bits(lstm(), 9, 0), rel=1e-5)


# --- training ----------------------------------------------------------------------------------------------


class Losses(Callback):
    """Of each step."""

    def __init__(self) -> None:
        self.seen: list[float] = []

    def on_train_batch_end(self, trainer, pl_module, outputs, batch, batch_idx) -> None:
        self.seen.append(outputs["loss"].item())


@pytest.mark.parametrize("cell", ["elman", "lstm", "gru"])
def test_streams_are_one_long_unbroken_run(path, cell):
    """Without learning: the losses of all windows are those of each stream read at once."""
    module, given, losses = task(lstm(cell=cell), lr=0.0), data(path), Losses()
    runner(losses).fit(module, given)
    starts = given.train_dataloader().sampler.starts()  # (batches, B)
    nats = [by_hand(module.model, given.text[begin : begin + 8 * len(starts) + 1].long(), 1) for begin in starts[0]]
    assert len(losses.seen) == len(starts) > 5
    expected = np.mean(nats, axis=0).reshape(-1, 8).mean(1)  # of each batch
    assert losses.seen == pytest.approx(expected.tolist(), rel=1e-5)


def test_shuffled_windows_begin_with_nothing(path):
    module, given, losses = task(lr=0.0), data(path, stateful=False), Losses()
    runner(losses).fit(module, given)
    starts = given.train_dataloader().sampler.starts()
    expected = [
        np.mean([by_hand(module.model, given.text[begin : begin + 9].long(), 1) for begin in of_batch])
        for of_batch in starts
    ]
    assert losses.seen == pytest.approx(expected, rel=1e-5)


def test_training_equals_a_bare_loop_with_truncated_gradients(path):
    module, given = task(), data(path)
    trainer = runner(max_epochs=2)
    trainer.fit(module, given)
    model, text = lstm(), given.text.long()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for epoch in range(2):
        windows = given.train_dataloader().sampler
        windows.set_epoch(epoch)
        state, losses = None, []
        for starts in windows.starts():
            cut = torch.stack([text[begin : begin + 9] for begin in starts])
            logits, state = model(cut[:, :-1], state)
            state = tuple(part.detach() for part in state)
            loss = nn.CrossEntropyLoss()(logits.reshape(-1, 31), cut[:, 1:].reshape(-1))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    for ours, theirs in zip(module.model.parameters(), model.parameters(), strict=True):
        torch.testing.assert_close(ours, theirs)
    metrics = trainer.callback_metrics
    assert metrics["train/loss"].item() == pytest.approx(np.mean(losses), rel=1e-5)
    assert metrics["train/bits_per_character"].item() == pytest.approx(np.mean(losses) / math.log(2), rel=1e-5)


def test_what_it_logs_is_what_it_says(path):
    module, trainer = task(), runner()
    trainer.fit(module, data(path))
    found = set(trainer.callback_metrics)
    trainer.test(module, data(path), verbose=False)
    assert found | set(trainer.callback_metrics) == module.logged


class Stop(Exception):
    pass


class Place(Callback):
    """In the epoch, which Lightning forgets where the schedule has asked for the number of steps: see Checkpoint."""

    def on_train_start(self, trainer, pl_module) -> None:
        trainer.fit_loop._load_combined_loader_states()


class StopIn(Callback):
    """Saves a checkpoint, and stops, in a hook of the global step `step`."""

    def __init__(self, hook: str, step: int, path) -> None:
        def stop(trainer, *_) -> None:
            if trainer.global_step == step:
                trainer.save_checkpoint(path)
                raise Stop

        setattr(self, hook, stop)


@pytest.mark.parametrize("stateful", [True, False])
@pytest.mark.parametrize("hook", ["on_train_batch_start", "on_before_backward", "on_train_batch_end"])
def test_the_state_goes_on_wherever_it_was_stopped(path, tmp_path, stateful, hook):
    given = partial(data, path, stateful=stateful)
    unbroken = task()
    trainer = runner(max_epochs=2)
    trainer.fit(unbroken, given())
    for step in (5, 14):
        with pytest.raises(Stop):
            runner(StopIn(hook, step, tmp_path / "stopped.ckpt"), max_epochs=2).fit(task(), given())
        resumed = task()
        again = runner(Place(), max_epochs=2)
        again.fit(resumed, given(), ckpt_path=tmp_path / "stopped.ckpt", weights_only=True)
        assert all(torch.equal(p, q) for p, q in zip(resumed.parameters(), unbroken.parameters(), strict=True))
        assert again.callback_metrics == trainer.callback_metrics


@pytest.mark.parametrize("stateful", ["true", "false"])
def test_resumed_within_an_epoch_bit_by_bit(resumed_beside_unbroken, path, stateful):
    """By the real command, with dropout, gradient clipping and a schedule."""
    words = (
        *("task=next_token", "trainer=cpu", "trainer.max_epochs=2", "model.hidden_size=8", "model.embedding_size=4"),
        *(f"data.path={path}", f"data.stateful={stateful}", "data.batch_size=4", "data.length=8", "logger=none"),
        *("callbacks.curves=null", "callbacks.bits_over_context=null", "callbacks.text_samples=null"),
    )
    resumed_beside_unbroken(LanguageModelling, 8, *words)


@pytest.mark.parametrize("stateful", [True, False])
def test_a_checkpoint_has_the_streams_of_all_ranks(stateful):
    """Of two ranks, each of which hands in its own and takes its own again."""
    states = [
        tuple(torch.randn(3, 1, 6, generator=torch.Generator().manual_seed(10 * rank + i)) for i in range(2))
        for rank in range(2)
    ]
    handed: dict[int, list[torch.Tensor]] = {0: [], 1: []}

    def of_rank(rank: int, reduce):
        module = task()
        progress = SimpleNamespace(current=SimpleNamespace(processed=4))
        trainer = SimpleNamespace(
            world_size=2,
            global_rank=rank,
            strategy=SimpleNamespace(reduce=reduce, root_device=torch.device("cpu")),
            fit_loop=SimpleNamespace(epoch_loop=SimpleNamespace(batch_progress=progress)),
        )
        module._trainer = trainer
        return module

    def hand_in(rank):
        def reduce(part, reduce_op):
            assert reduce_op == "sum"
            handed[rank].append(part.clone())
            return part

        return reduce

    for rank in range(2):
        module = of_rank(rank, hand_in(rank))
        module.carried, module.begun = states[rank] if stateful else None, 3
        module.on_save_checkpoint({})
    sums = [sum(parts) for parts in zip(*handed.values(), strict=True)]
    left = iter(sums)
    module = of_rank(0, lambda part, reduce_op: next(left))
    module.carried, module.begun = states[0] if stateful else None, 3
    checkpoint = {}
    module.on_save_checkpoint(checkpoint)
    assert [part.shape for part in checkpoint["carried"]] == [(6, 1, 6)] * (2 * stateful)
    for rank in range(2):
        module = of_rank(rank, None)
        module.on_load_checkpoint(checkpoint)
        if stateful:
            assert all(torch.equal(ours, own) for ours, own in zip(module.carried, states[rank], strict=True))
        else:
            assert module.carried is None


def test_a_batch_that_was_not_done_with_keeps_the_state_before_it():
    module = task()
    progress = SimpleNamespace(current=SimpleNamespace(processed=4))
    trainer = SimpleNamespace(
        world_size=1,
        global_rank=0,
        strategy=SimpleNamespace(reduce=lambda part, reduce_op: part),
        fit_loop=SimpleNamespace(epoch_loop=SimpleNamespace(batch_progress=progress)),
    )
    module._trainer = trainer
    module.carried_before, module.carried = (torch.zeros(3, 1, 6),), (torch.ones(3, 1, 6),)
    for begun, expected in ((4, 0.0), (3, 1.0)):
        module.begun, checkpoint = begun, {}
        module.on_save_checkpoint(checkpoint)
        assert checkpoint["carried"][0].unique().tolist() == [expected]


def test_flops_are_of_a_window():
    flops = {length: cost(task_of(length))["flops"] for length in (8, 16)}
    # a step: four gates of an LSTM on 4 + 6 numbers, and 31 logits of 6
    assert flops == {length: 2 * length * (4 * 6 * (4 + 6) + 31 * 6) for length in (8, 16)}


# --- writing -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("build", [lstm, transformer])
def test_writes_as_if_all_were_read_again_for_each_character(build):
    module = task(build()).eval()
    prompt = torch.tensor([[3, 4, 5], [9, 8, 7]])
    words = {"temperature": 0, "top_k": None, "top_p": None, "letters": 20}
    found = module.write(prompt, 12, **words, generator=torch.Generator())
    assert found.shape == (2, 12)
    text = prompt
    for _ in range(12):
        with torch.no_grad():
            logits, _ = module.model(text if build is lstm else text[:, -8:])
        text = torch.cat([text, 1 + logits[:, -1, 1:21].argmax(1, keepdim=True)], dim=1)
    assert torch.equal(found, text[:, 3:])


def test_never_writes_what_is_not_in_the_alphabet():
    module = task().eval()
    nn.init.constant_(module.model.head.bias[:1], 9.0)  # what is unknown,
    nn.init.constant_(module.model.head.bias[21:], 9.0)  # and numbers that no character has
    words = {"temperature": 1.0, "top_k": None, "top_p": None, "letters": 20}
    found = [
        module.write(torch.tensor([[1]]), 300, **words, generator=torch.Generator().manual_seed(seed))
        for seed in (0, 0, 1)
    ]
    assert found[0].unique().tolist() == list(range(1, 21))
    assert torch.equal(found[0], found[1])
    assert not torch.equal(found[0], found[2])


def test_surprise(path):
    module, given = task().eval(), data(path)
    given.setup()
    text = given.text[:40].long()
    np.testing.assert_allclose(
        module.surprise(text, 9).numpy(), by_hand(module.model, text, 9) / math.log(2), rtol=1e-4
    )
    short = task(transformer()).eval()
    bits = short.surprise(text, 1)
    assert bits.shape == (39,)
    expected = by_hand(short.model, text[28:37], 5) / math.log(2)  # text[33:37], after half a window before text[32]
    np.testing.assert_allclose(bits[32:36].numpy(), expected, rtol=1e-4)


# --- what cannot be ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (("task=next_token", "model=lenet"), ("data.",)),
        (("task=next_token", "model=mlp", "model.input_shape=[1]", "model.num_classes=2"), ("MLP", "model=char_lstm")),
        (("task=next_token", "data=digits"), ("data.characters",)),
        (
            ("task=next_token", "data=digits", "model.characters=10"),
            ("LanguageModelling does not go with data Digits", "no data.length", "task=…"),
        ),
        (
            ("task=next_token", "data=adding", "model.characters=10"),
            ("reads texts", "Adding", "data=characters"),
        ),
        (("task=next_token", "data=reversal"), ("model RecurrentLanguage does not go with data Reversal", "model=…")),
        (("task=next_token", "model=seq2seq"), ("RecurrentSeq2Seq does not go with data Characters", "data.letters")),
        (("task=next_token", "data.path=123"), ("data.path=123", "./123")),
        (("task=next_token", "data.path='~nosuchuser/x'"), ("data.path=~nosuchuser/x", "no such user")),
        (("task=next_token", "model.characters=10"), ("model.characters=10", "has 61", "${data.characters}")),
        (
            ("task=next_token", "model=char_transformer", "model.length=32"),
            ("model.length=32", "data.length=64", "${data.length}"),
        ),
        (("task=next_token", "callbacks.text_samples.temperatures=1"), ("temperatures=1", "a list")),
        (("task=cnn_compare", "data=characters"), ("data.",)),
        (("task=autoencoder", "data=characters"), ("data.",)),
        (("task=next_token", "optimizer=adam_scratch"), ("optimizer Adam", "autograd")),
        (("task=next_token", "data.path=/nowhere/at/all.txt"), ("data.path=/nowhere/at/all.txt", "no such file")),
        (("task=next_token", "data.batch_size=4000"), ("106,772 characters", "lower data.batch_size")),
        (("task=next_token", "model=char_transformer", "model.heads=7"), ("model.heads=7",)),
        (("task=next_token", "data.lenght=3"), ("length",)),
    ],
    ids=lambda part: " ".join(part),
)
def test_parts_that_do_not_fit(refused, words, parts):
    refused("trainer=debug", *words, parts=parts)


def test_a_net_that_reads_no_characters():
    with pytest.raises(InputError, match=r"Linear does not read characters .*model=char_lstm"):
        task(nn.Linear(2, 2))


def test_a_loss_that_is_no_number(path):
    with pytest.raises(InputError, match=r"became (nan|inf) in epoch 1.*optimizer\.lr"):
        runner().fit(task(lr=float("inf")), data(path))
