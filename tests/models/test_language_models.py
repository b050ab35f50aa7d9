"""The language models: causal, the same in one piece or many, and what their state is."""

import pytest
import torch

from dlexp.errors import InputError
from dlexp.models.sequence.recurrent_language import RecurrentLanguage
from dlexp.models.sequence.transformer_language import TransformerLanguage

X = torch.randint(12, (3, 16), generator=torch.Generator().manual_seed(0))
LENGTH = 8


def recurrent(**changes) -> RecurrentLanguage:
    arguments = {"characters": 11, "cell": "lstm", "embedding_size": 5, "hidden_size": 7, "layers": 2, "dropout": 0.3}
    more = {"tied": False, "activation": "tanh", "implementation": "torch", "initialisation": "default", "chrono": None}
    torch.manual_seed(0)
    return RecurrentLanguage(**(arguments | more | changes))


def transformer(**changes) -> TransformerLanguage:
    arguments = {"characters": 11, "length": LENGTH, "size": 12, "heads": 3, "layers": 2, "dropout": 0.3, "tied": False}
    torch.manual_seed(0)
    return TransformerLanguage(**(arguments | changes))


def in_pieces(model, x, size, state=None):
    found = []
    for piece in x.split(size, dim=1):
        logits, state = model(piece, state)
        found.append(logits)
    return torch.cat(found, dim=1), state


@pytest.mark.parametrize("cell", ["elman", "lstm", "gru"])
def test_a_recurrent_net_reads_piece_by_piece_as_at_once(cell):
    model = recurrent(cell=cell).eval()
    logits, state = model(X)
    assert logits.shape == (3, 16, 12)
    for size in (1, 5):
        pieces, last = in_pieces(model, X, size)
        torch.testing.assert_close(pieces, logits)
        torch.testing.assert_close(last, state)


def test_a_transformer_sees_a_window():
    model = transformer().eval()
    logits, _ = model(X[:, :LENGTH])
    for size in (1, 3, 4):
        pieces, _ = in_pieces(model, X[:, :LENGTH], size)
        torch.testing.assert_close(pieces, logits)
    whole, _ = in_pieces(model, X, LENGTH)  # whole windows know nothing of one another
    torch.testing.assert_close(whole, torch.cat([logits, model(X[:, LENGTH:])[0]], dim=1))
    halves, _ = in_pieces(model, X, LENGTH // 2)  # each half is read with the one before it
    for place in range(LENGTH // 2, 16, LENGTH // 2):
        expected = model(X[:, place - LENGTH // 2 : place + LENGTH // 2])[0][:, -LENGTH // 2 :]
        torch.testing.assert_close(halves[:, place : place + LENGTH // 2], expected)
    one_by_one, _ = in_pieces(model, X, 1)  # and each character with the 7 before it
    torch.testing.assert_close(one_by_one[:, 15], model(X[:, 8:])[0][:, -1])
    longer, state = model(X)
    torch.testing.assert_close(longer, model(X[:, -LENGTH:])[0])
    assert torch.equal(state[0], X[:, 1 - LENGTH :])


@pytest.mark.parametrize("build", [recurrent, transformer])
def test_knows_nothing_of_what_comes(build):
    model = build().eval()
    other = X.clone()
    other[:, 5] = (other[:, 5] + 1) % 12
    ours, theirs = model(X[:, :LENGTH])[0], model(other[:, :LENGTH])[0]
    torch.testing.assert_close(ours[:, :5], theirs[:, :5])
    assert ((ours - theirs)[:, 5:].abs().amax(dim=2) > 1e-6).all()


@pytest.mark.parametrize("build", [recurrent, transformer])
def test_tied(build):
    changes = {"embedding_size": 7} if build is recurrent else {}
    model, free = build(tied=True, **changes), build(**changes)
    assert model.embedding.weight is model.head.weight
    sizes = [sum(p.numel() for p in one.parameters()) for one in (model, free)]
    assert sizes[1] - sizes[0] == model.head.weight.numel()
    logits, _ = model(X[:, :LENGTH])
    logits.square().mean().backward()
    assert model.embedding.weight.grad.isfinite().all()


def test_dropout_acts_in_training_alone():
    for model in (recurrent(), transformer()):
        one, other = model(X[:, :LENGTH])[0], model(X[:, :LENGTH])[0]
        assert not torch.equal(one, other)
        model.eval()
        assert torch.equal(model(X[:, :LENGTH])[0], model(X[:, :LENGTH])[0])


def test_our_own_cells_give_the_same_numbers():
    ours, torchs = recurrent(implementation="scratch").eval(), recurrent().eval()
    torch.testing.assert_close(ours(X)[0], torchs(X)[0])


@pytest.mark.parametrize(
    ("build", "changes", "said"),
    [
        (recurrent, {"tied": True}, r"model\.tied=true .*model\.embedding_size=7"),
        (recurrent, {"embedding_size": 0}, r"model\.embedding_size=0"),
        (recurrent, {"hidden_size": 0}, r"model\.hidden_size=0"),
        (recurrent, {"dropout": 1.0}, r"model\.dropout=1\.0"),
        (recurrent, {"cell": "rnn"}, r"model\.cell=rnn .*elman"),
        (transformer, {"heads": 5}, r"model\.heads=5 does not divide model\.size=12"),
        (transformer, {"layers": 0}, r"model\.layers=0"),
        (transformer, {"size": 1.5}, r"model\.size=1\.5"),
        (transformer, {"dropout": -0.1}, r"model\.dropout=-0\.1"),
    ],
)
def test_bad_arguments(build, changes, said):
    with pytest.raises(InputError, match=said):
        build(**changes)
