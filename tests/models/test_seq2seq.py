"""Encoder-decoders: padding is nothing, steps are the whole, and attention sums to 1."""

import pytest
import torch
from torch import Tensor, nn

from dlexp.errors import InputError
from dlexp.layers.decoding.greedy import greedy
from dlexp.layers.tokens import BEGIN, FIRST, PAD
from dlexp.models.sequence.recurrent_seq2seq import RecurrentSeq2Seq
from dlexp.models.sequence.transformer_seq2seq import TransformerSeq2Seq

LETTERS = 5
WORDS = torch.tensor([[3, 4, 5, 6, 7, 3], [5, 3, 0, 0, 0, 0], [7, 7, 4, 6, 0, 0], [4, 0, 0, 0, 0, 0]])
GIVEN = torch.tensor([[1, 3, 7, 6, 5], [1, 3, 5, 2, 0], [1, 6, 4, 7, 7], [1, 4, 2, 0, 0]])


def recurrent(**changes) -> RecurrentSeq2Seq:
    torch.manual_seed(0)
    arguments = {"letters": LETTERS, "cell": "gru", "attention": "additive", "embedding_size": 6, "hidden_size": 7}
    arguments |= {"layers": 1, "bidirectional": True, "dropout": 0.0, "implementation": "torch"}
    return RecurrentSeq2Seq(**arguments | changes).eval()


def transformer(**changes) -> TransformerSeq2Seq:
    torch.manual_seed(0)
    arguments = {"letters": LETTERS, "size": 12, "heads": 3, "blocks": 2, "dropout": 0.0, "from_the_end": True}
    return TransformerSeq2Seq(**arguments | changes).eval()


MODELS = {
    "additive": recurrent(),
    "dot, two layers": recurrent(attention="dot", layers=2),
    "dot, lstm": recurrent(attention="dot", cell="lstm"),
    "none": recurrent(attention="none"),
    "none, lstm, one direction": recurrent(attention="none", cell="lstm", bidirectional=False),
    "additive, elman by hand": recurrent(cell="elman", implementation="scratch"),
    "transformer": transformer(),
    "transformer, places from the start": transformer(from_the_end=False, blocks=1),
}
every = pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
looking = pytest.mark.parametrize("name", [name for name in MODELS if not name.startswith("none")])


def lengths(tokens: Tensor) -> list[int]:
    return (tokens != PAD).sum(1).tolist()


@every
@torch.no_grad()
def test_padding_changes_nothing(model):
    """A word alone is the word in a padded batch, and more padding is no more either."""
    together = model(WORDS, GIVEN)
    assert together.shape == (4, 5, FIRST + LETTERS)
    wider = model(nn.functional.pad(WORDS, (0, 3)), GIVEN)
    torch.testing.assert_close(wider, together, rtol=1e-5, atol=1e-5)
    for i, (read, said) in enumerate(zip(lengths(WORDS), lengths(GIVEN), strict=True)):
        alone = model(WORDS[i : i + 1, :read], GIVEN[i : i + 1, :said])
        torch.testing.assert_close(alone[0], together[i, :said], rtol=1e-5, atol=1e-5)


@every
@torch.no_grad()
def test_steps_are_the_whole(model):
    state, each = model.begin(WORDS), []
    for token in GIVEN.unbind(1):
        logits, state = model.step(token, state)
        each.append(logits)
    torch.testing.assert_close(torch.stack(each, dim=1), model(WORDS, GIVEN), rtol=1e-5, atol=1e-5)
    assert all(len(part) == len(WORDS) for part in state)


@every
@torch.no_grad()
def test_what_is_said_later_changes_nothing_before(model):
    other = GIVEN.clone()
    other[:, 3:] = 4
    torch.testing.assert_close(model(WORDS, other)[:, :3], model(WORDS, GIVEN)[:, :3])


@every
@torch.no_grad()
def test_every_letter_matters(model):
    before = model(WORDS, GIVEN)
    for row, length in enumerate(lengths(WORDS)):
        for place in range(length):
            other = WORDS.clone()
            other[row, place] = 3 + (other[row, place] - 2) % LETTERS
            after = model(other, GIVEN)
            assert not torch.allclose(after[row], before[row], atol=1e-6)
            rest = [i for i in range(len(WORDS)) if i != row]
            torch.testing.assert_close(after[rest], before[rest])


@looking
@torch.no_grad()
def test_attention_sums_to_1_and_is_0_on_padding(name):
    weights = MODELS[name].attention_maps(WORDS, GIVEN)
    assert weights.shape == (4, 5, 6)
    torch.testing.assert_close(weights.sum(2), torch.ones(4, 5))
    assert (weights[(WORDS == PAD)[:, None].expand_as(weights)] == 0).all()
    assert (weights[(WORDS != PAD)[:, None].expand_as(weights)] > 0).all()


def test_without_attention_there_is_no_map():
    assert MODELS["none"].attention_maps(WORDS, GIVEN) is None


@torch.no_grad()
def test_the_context_of_dot_products_is_the_formula():
    model = recurrent(attention="dot")
    outputs, state = model.read(GIVEN, model.begin(WORDS))
    _, memory, _, allowed = state
    for i, length in enumerate(lengths(WORDS)):
        query = outputs[i] @ model.attention.query.weight.T
        scores = query @ (memory[i, :length] @ model.attention.key.weight.T).T / 7**0.5
        context = scores.softmax(1) @ memory[i, :length]
        joined = (torch.cat([outputs[i], context], 1) @ model.join.weight.T + model.join.bias).tanh()
        expected = joined @ model.answer.weight.T + model.answer.bias
        torch.testing.assert_close(model(WORDS, GIVEN)[i], expected, rtol=1e-5, atol=1e-5)
    assert torch.equal(allowed[:, 0], WORDS != PAD)


@torch.no_grad()
@pytest.mark.parametrize(("heads", "blocks"), [(1, 1), (3, 1), (1, 2), (4, 3)])
def test_the_maps_of_a_transformer_are_those_it_uses(heads, blocks):
    """The mean over heads of its last block: softmax of the formula, and mixed with the values, what the block says."""
    model = transformer(heads=heads, blocks=blocks)
    attention = model.decoder[-1].cross_attention
    seen = []
    attention.register_forward_hook(lambda _, inputs, output: seen.append((inputs, output)))
    model(WORDS, GIVEN)
    (((x, memory, allowed), output),) = seen
    assert allowed.shape == (4, 1, 1, 6)
    part = 12 // heads
    each, mixed = [], []
    for head in range(heads):
        own = slice(head * part, (head + 1) * part)
        query, key, value = (
            (inputs @ layer.weight.T + layer.bias)[:, :, own]
            for layer, inputs in ((attention.query, x), (attention.key, memory), (attention.value, memory))
        )
        scores = (query @ key.transpose(1, 2) / part**0.5).masked_fill((WORDS == PAD)[:, None], -torch.inf)
        each.append(scores.softmax(2))  # (B, T, S)
        mixed.append(each[-1] @ value)
    torch.testing.assert_close(attention.output(torch.cat(mixed, 2)), output, rtol=1e-5, atol=1e-5)
    maps = model.attention_maps(WORDS, GIVEN)
    torch.testing.assert_close(maps, torch.stack(each).mean(0), rtol=1e-5, atol=1e-5)
    if heads > 1:
        assert not torch.allclose(maps, each[0], atol=1e-3)  # the heads differ


@every
def test_all_weights_learn(model):
    for weight in model.parameters():
        weight.grad = None
    model(WORDS, GIVEN).logsumexp(2).square().mean().backward()
    idle = [name for name, weight in model.named_parameters() if weight.grad is None or not weight.grad.any()]
    assert [name for name in idle if "key.bias" not in name] == []  # a bias of all keys moves all scores alike


@every
@torch.no_grad()
def test_it_answers_freely(model):
    said = greedy(model, WORDS, 9)
    assert said.shape[0] == 4
    assert not (said == BEGIN).any()


def test_from_the_same_seed_both_implementations_say_the_same():
    one, other = recurrent(), recurrent(implementation="scratch")
    with torch.no_grad():
        torch.testing.assert_close(one(WORDS, GIVEN), other(WORDS, GIVEN), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize(
    ("build", "changes", "line"),
    [
        (recurrent, {"attention": "self"}, r"model\.attention=self .*none, additive, dot"),
        (recurrent, {"cell": "rnn"}, r"model\.cell=rnn .*elman, lstm, gru"),
        (recurrent, {"embedding_size": 0}, r"model\.embedding_size=0"),
        (recurrent, {"letters": "x"}, r"model\.letters=x"),
        (recurrent, {"hidden_size": 0}, r"model\.hidden_size=0"),
        (recurrent, {"dropout": 1.0}, r"model\.dropout=1\.0"),
        (transformer, {"heads": 5}, r"model\.heads=5 does not divide model\.size=12"),
        (transformer, {"blocks": 0}, r"model\.blocks=0"),
        (transformer, {"dropout": -1}, r"model\.dropout=-1"),
    ],
)
def test_bad_arguments(build, changes, line):
    with pytest.raises(InputError, match=line):
        build(**changes)
