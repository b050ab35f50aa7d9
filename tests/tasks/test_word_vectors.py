"""The task of word vectors: it learns, goes on bit by bit, judges alike, and leaves a file that gensim loads."""

import os
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from fitting import runner
from lightning.pytorch import Callback, Trainer
from torch import nn

from dlexp.callbacks.vector_file import VectorFile
from dlexp.callbacks.word_evaluation import WordEvaluation
from dlexp.data.text.words import Words
from dlexp.errors import Diverged, InputError
from dlexp.models.words.full_softmax import FullSoftmax
from dlexp.models.words.negative_sampling import NegativeSampling
from dlexp.tasks.word_vectors import WordVectors

WORDS = 60
GROUPS = [[f"{group}{member}" for member in "abcdef"] for group in ("ka", "lo", "mi", "nu", "pe")]

pytestmark = pytest.mark.filterwarnings(
    *("ignore:.*LeafSpec", "ignore:.*does not have many workers", "ignore:.*log_every_n_steps"),
    "ignore:.*configure_optimizers` returned `None`",
)


@pytest.fixture(scope="module")
def path(tmp_path_factory) -> str:
    """A text of five kinds of words: a word has its own kind around it."""
    random = np.random.default_rng(0)
    words = [random.choice(GROUPS[random.integers(5)], 12) for _ in range(600)]
    file = tmp_path_factory.mktemp("text") / "text.txt"
    file.write_text(" ".join(np.concatenate(words)))
    return str(file)


def data(path: str, **changes) -> Words:
    arguments = {"clean": True, "words": WORDS, "min_count": 5, "sample": 1e-2, "window": 3, "stretch": 16}
    arguments |= {"noise": 16, "noise_power": 0.75, "validation": 0.1, "test": 0.1}
    arguments |= {"batch_size": 256, "eval_batch_size": 256, "seed": 0}
    return Words(path=path, **(arguments | changes))


def task(model: nn.Module | None = None, **changes) -> WordVectors:
    torch.manual_seed(0)
    model = model or NegativeSampling(words=WORDS, size=8, negatives=5)
    arguments = {"rule": "adagrad", "lr": 0.1, "final_lr": 0.01, "monitor": "val/nll", "mode": "min"}
    return WordVectors(model=model, **(arguments | changes))


four_epochs = partial(runner, max_epochs=4)


def numbers(trainer: Trainer) -> dict[str, float]:
    return {name: value.item() for name, value in trainer.callback_metrics.items()}


def softmax() -> FullSoftmax:
    return FullSoftmax(words=WORDS, size=8)


@pytest.mark.parametrize(
    ("model", "changes"),
    [(None, {}), (None, {"rule": "sgd", "lr": 0.005}), (softmax, {})],
    ids=["noise", "sgd", "softmax"],
)
def test_it_learns_which_words_go_together(path, model, changes):
    module, trainer = task(model and model(), **changes), four_epochs(max_epochs=8)
    text = data(path)
    trainer.fit(module, text)
    metrics = numbers(trainer)
    (tested,) = trainer.test(module, text, verbose=False)
    assert metrics["val/nll"] < metrics["val/nll_of_unigrams"] - 0.5
    assert tested["test/nll"] == pytest.approx(metrics["val/nll"], abs=0.2)
    assert metrics["val/nll_of_unigrams"] == pytest.approx(np.log(30), abs=0.05)
    assert set(metrics) | set(tested) == module.logged
    assert metrics["train/lr"] == pytest.approx(
        module.lr * (1 + (0.01 - 1) * (1 - 0.5 / trainer.global_step)), rel=1e-5
    )
    kinds = [word[:2] for word in text.counts]
    unit = nn.functional.normalize(module.vectors, dim=1)
    nearest = (unit @ unit.T).fill_diagonal_(-1).argmax(1)
    assert np.mean([kinds[row] == kinds[other] for row, other in enumerate(nearest.tolist())]) > 0.9


def test_what_is_judged_depends_on_neither_batches_nor_runs(path):
    """nll against a loop over pairs."""
    module = task()
    nn.init.normal_(module.model.vectors)
    nn.init.normal_(module.model.contexts)
    text = data(path, eval_batch_size=64)
    trainer = four_epochs()
    (first,) = trainer.test(module, text, verbose=False)
    total, unigrams, count = 0.0, 0.0, 0
    for centres, stretches, reach, _ in text.test_dataloader():
        odds = module.model.log_odds(centres.clamp(min=0), text.noise_shares)
        log_p = odds.log_softmax(1).view(*reach.shape, -1)
        for m, c in np.ndindex(*reach.shape):
            for place in range(stretches.shape[1]):
                if 0 < abs(place - 3 - c) <= reach[m, c] and stretches[m, place] >= 0:
                    total -= log_p[m, c, stretches[m, place]].item()
                    unigrams -= text.read_shares[stretches[m, place]].log().item()
                    count += 1
    assert first["test/nll"] == pytest.approx(total / count, rel=1e-5)
    assert first["test/nll_of_unigrams"] == pytest.approx(unigrams / count, rel=1e-5)
    (again,) = four_epochs().test(module, data(path, eval_batch_size=64, seed=7), verbose=False)
    assert again == first
    for size in (1, 300, 10_000):
        (other,) = four_epochs().test(module, data(path, eval_batch_size=size), verbose=False)
        assert other == pytest.approx(first, rel=1e-6)


def test_training_is_measured_in_nats_of_what_it_has_seen(path):
    module, trainer, text = task(lr=1e-9), four_epochs(max_epochs=1), data(path)
    nn.init.normal_(module.model.vectors)
    nn.init.normal_(module.model.contexts)
    trainer.fit(module, text)
    nll, count = 0.0, 0.0
    for centres, stretches, reach, _ in text.train_dataloader():
        one, _, asked = module.nll(centres, stretches, reach)
        nll, count = nll + one.item(), count + asked.item()
    assert trainer.num_training_batches < 50  # all are measured
    assert numbers(trainer)["train/nll"] == pytest.approx(nll / count, rel=1e-5)


def test_a_batch_may_be_a_stretch_or_nothing(path):
    """Every epoch has the same number of batches: where few words are read, one may be empty."""
    for model in (None, softmax()):
        module, trainer, text = task(model), four_epochs(max_epochs=1), data(path, batch_size=16, eval_batch_size=16)
        trainer.fit(module, text)
        assert np.isfinite(list(numbers(trainer).values())).all()
        empty = (torch.empty(0, dtype=int), torch.empty(0, 22, dtype=int), torch.empty(0, 16, dtype=torch.int8))
        before = module.vectors.clone()
        with torch.no_grad():
            module.training_step((*empty, torch.empty(0, 16, dtype=int)), 0)
        assert module.sums[-1].tolist() == [0, 0, 0, 0, 0]
        assert torch.equal(module.vectors, before)


def test_the_softmax_is_over_known_words_alone(path):
    module = task(FullSoftmax(words=WORDS + 40, size=8))
    four_epochs(max_epochs=1).fit(module, data(path))
    assert module.model.known == 30
    assert not module.model.contexts[30:].any()
    assert module.model.contexts[:30].any(dim=1).all()


class Stop(Exception):
    pass


class StopAt(Callback):
    def __init__(self, step: int, path: Path) -> None:
        self.step, self.path = step, path

    def on_train_batch_end(self, trainer: Trainer, *args) -> None:
        if trainer.global_step == self.step:
            trainer.save_checkpoint(self.path)
            raise Stop


@pytest.mark.parametrize("step", [1, 9])
def test_it_goes_on_bit_by_bit(path, tmp_path, step):
    unbroken, whole = task(), four_epochs()
    whole.fit(unbroken, data(path))
    assert whole.num_training_batches == whole.global_step // 4 > 9
    with pytest.raises(Stop):
        four_epochs(StopAt(step, tmp_path / "stopped.ckpt")).fit(task(), data(path))
    torch.manual_seed(99)
    resumed, trainer = task(NegativeSampling(words=WORDS, size=8, negatives=5)), four_epochs()
    trainer.fit(resumed, data(path), ckpt_path=tmp_path / "stopped.ckpt", weights_only=True)
    assert torch.equal(resumed.model.vectors, unbroken.model.vectors)
    assert torch.equal(resumed.model.contexts, unbroken.model.contexts)
    assert numbers(trainer) == numbers(whole)


def test_gensim_loads_the_file(path, tmp_path):
    KeyedVectors = pytest.importorskip("gensim.models").KeyedVectors
    module = task()
    text = data(path)
    four_epochs(VectorFile(folder=str(tmp_path))).test(module, text, verbose=False)
    loaded = KeyedVectors.load_word2vec_format(str(tmp_path / "vectors.txt"))
    assert loaded.index_to_key == list(text.counts)
    np.testing.assert_array_equal(loaded.vectors, module.vectors.numpy())
    assert os.listdir(tmp_path) == ["vectors.txt"]


def test_tests_of_words_where_their_files_are(path, tmp_path):
    pairs = [f"{GROUPS[i % 5][i % 6]} {GROUPS[i % 3][i % 4]} {i % 7}" for i in range(40)]
    (tmp_path / "EN-WS-353-ALL.txt").write_text("\n".join(pairs))
    (tmp_path / "EN-SIMLEX-999.txt").write_text("\n".join(pairs[:5]))
    evaluation = WordEvaluation(folder=str(tmp_path), fewest=30)
    module = task()
    nn.init.normal_(module.model.vectors)
    (metrics,) = four_epochs(evaluation).test(module, data(path), verbose=False)
    assert -1 <= metrics["test/wordsim_correlation"] <= 1
    assert "test/simlex_correlation" not in metrics
    asked, left_out = evaluation.notes
    assert asked.endswith(": WordSim-353 (40 of 40)")
    assert "fewer than 30" in left_out
    assert left_out.endswith(": SimLex-999 (5 of 5)")


def test_the_case_of_words_does_not_matter(path, tmp_path):
    """Of words that differ by it alone, the commoner is asked."""
    (tmp_path / "EN-WS-353-ALL.txt").write_text("b a 1\nA c 2\nc b 3\n")
    evaluation = WordEvaluation(folder=str(tmp_path), fewest=3)
    logged = {}
    vectors = torch.tensor([[1.0, 0.1], [0.0, 1.0], [1.0, 0.5], [-1.0, 0.0]])
    module = SimpleNamespace(vectors=vectors, log=lambda name, value, **_: logged.update({name: value}))
    trainer = SimpleNamespace(datamodule=SimpleNamespace(counts={"A": 9, "B": 5, "c": 3, "a": 2}))
    evaluation.on_test_epoch_end(trainer, module)
    assert logged == {"test/wordsim_correlation": pytest.approx(0.5)}  # cosines 0.1, 0.93, 0.45


def test_too_large_steps_are_one_line(path):
    with pytest.raises(Diverged, match=r"lower task\.lr"):
        four_epochs(max_epochs=30).fit(task(rule="sgd", lr=1e6), data(path))


@pytest.mark.parametrize(
    ("changes", "said"),
    [({"lr": 0}, "task.lr=0"), ({"final_lr": 2}, "task.final_lr=2"), ({"rule": "adam"}, "task.rule=adam")],
)
def test_one_line_for_a_number(changes, said):
    with pytest.raises(InputError, match=said):
        task(**changes)


def test_two_devices_are_one_line(path):
    """Before anything is spread over them."""
    module = task()
    module.trainer = SimpleNamespace(datamodule=data(path), world_size=2)
    with pytest.raises(InputError, match=r"one device: set trainer\.devices=1"):
        module.setup("fit")


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (("task=word2vec", "data=digits", "model.words=10"), ("words", "Digits", "data=words")),
        (("task=word2vec", "model=lenet"), ("LeNet", "Words")),
        (("task=word2vec", "data=digits", "model=lenet"), ("LeNet", "model=skip_gram")),
        (("task=cnn_compare", "data=words"), ("data.",)),
        (("task=autoencoder", "model=skip_gram", "model.words=10"), ("NegativeSampling",)),
        (("task=word2vec", "model.words=100"), ("model.words=100", "600 known words")),
        (("task=word2vec", "data.path=nowhere.txt"), ("data.path=nowhere.txt", "no such file")),
    ],
    ids=lambda part: " ".join(part),
)
def test_misfits_are_one_line(refused, words, parts):
    refused(*words, "trainer.accelerator=cpu", parts=parts)
