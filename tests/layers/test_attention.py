"""Attention against formulas written out and against torch's own modules; masks and positions."""

import math

import pytest
import torch
from torch import nn

from dlexp.errors import InputError
from dlexp.layers.attention.additive import AdditiveAttention
from dlexp.layers.attention.dot_product import DotProductAttention
from dlexp.layers.attention.masked_softmax import masked_softmax
from dlexp.layers.attention.multi_head import MultiHeadAttention
from dlexp.layers.attention.positions import sinusoids
from dlexp.layers.attention.transformer_block import TransformerBlock


def test_weights_sum_to_one_over_what_may_be_seen_and_never_become_nan():
    allowed = torch.tensor([[True, True, False], [False, False, False]])
    weights = masked_softmax(torch.randn(2, 3), allowed)
    torch.testing.assert_close(weights.sum(1), torch.tensor([1.0, 0.0]))
    assert weights[0, 2] == 0
    torch.testing.assert_close(masked_softmax(torch.zeros(1, 4), None), torch.full((1, 4), 0.25))


def by_loops(attention, query, memory, allowed):
    """Context and weights, place by place."""
    context, weights = torch.zeros(*query.shape[:2], memory.shape[2]), torch.zeros(*query.shape[:2], memory.shape[1])
    for b in range(len(query)):
        for q in range(query.shape[1]):
            scores = []
            for k in range(memory.shape[1]):
                if isinstance(attention, AdditiveAttention):
                    inner = (
                        attention.query.weight @ query[b, q] + attention.key.weight @ memory[b, k] + attention.key.bias
                    )
                    scores.append((attention.score.weight @ inner.tanh()).item())
                else:
                    dot = (attention.query.weight @ query[b, q]) @ (attention.key.weight @ memory[b, k])
                    scores.append(dot.item() / math.sqrt(len(attention.query.weight)))
            shares = [math.exp(s) * allowed[b, 0, k].item() for k, s in enumerate(scores)]
            for k, share in enumerate(shares):
                weights[b, q, k] = share / sum(shares)
                context[b, q] += weights[b, q, k] * memory[b, k]
    return context, weights


@pytest.mark.parametrize("kind", [AdditiveAttention, DotProductAttention])
def test_one_head_is_its_formula(kind):
    torch.manual_seed(0)
    attention = kind(query_size=4, key_size=6, size=5)
    query, memory = torch.randn(2, 3, 4), torch.randn(2, 7, 6)
    allowed = (torch.arange(7) < torch.tensor([7, 4])[:, None])[:, None]  # (B, 1, K)
    with torch.no_grad():
        found = attention(query, attention.keys(memory), memory, allowed)
        for ours, theirs in zip(found, by_loops(attention, query, memory, allowed), strict=True):
            torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("mask", ["none", "causal", "padding"])
def test_many_heads_are_torchs(mask):
    torch.manual_seed(0)
    ours, theirs = MultiHeadAttention(size=8, heads=2, dropout=0.0), nn.MultiheadAttention(8, 2, batch_first=True)
    with torch.no_grad():
        for part, one in zip(theirs.in_proj_weight.split(8), (ours.query, ours.key, ours.value), strict=True):
            part.copy_(one.weight)
        for part, one in zip(theirs.in_proj_bias.split(8), (ours.query, ours.key, ours.value), strict=True):
            part.copy_(one.bias)
        theirs.out_proj.load_state_dict(ours.output.state_dict())
    x = torch.randn(3, 5, 8)
    allowed, options, causal = None, {}, mask == "causal"
    if mask == "causal":
        options["attn_mask"] = torch.ones(5, 5, dtype=torch.bool).triu(1)
    if mask == "padding":
        real = torch.arange(5) < torch.tensor([5, 3, 1])[:, None]  # (B, K)
        allowed, options["key_padding_mask"] = real[:, None, None], ~real
    expected, weights = theirs(x, x, x, average_attn_weights=False, **options)
    torch.testing.assert_close(ours(x, x, allowed, causal), expected)
    seen = torch.ones(5, 5, dtype=torch.bool).tril() if causal else allowed
    torch.testing.assert_close(ours.weights(x, x, seen), weights)


def test_a_block_is_torchs_encoder_layer_and_a_crossed_one_its_decoder_layer():
    torch.manual_seed(0)
    options = {"dim_feedforward": 32, "dropout": 0.0, "activation": "gelu", "batch_first": True, "norm_first": True}
    pairs = ((nn.TransformerEncoderLayer(8, 2, **options), False), (nn.TransformerDecoderLayer(8, 2, **options), True))
    x, memory = torch.randn(3, 5, 8), torch.randn(3, 4, 8)
    for theirs, crossed in pairs:
        block = TransformerBlock(size=8, heads=2, dropout=0.0, crossed=crossed)
        attentions = [(block.attention, theirs.self_attn)]
        attentions += [(block.cross_attention, theirs.multihead_attn)] if crossed else []
        norms = [block.norm, *([block.cross_norm] if crossed else []), block.feedforward[0]]
        with torch.no_grad():
            for ours, other in attentions:
                parts = (ours.query, ours.key, ours.value)
                other.in_proj_weight.copy_(torch.cat([part.weight for part in parts]))
                other.in_proj_bias.copy_(torch.cat([part.bias for part in parts]))
                other.out_proj.load_state_dict(ours.output.state_dict())
            for place, norm in enumerate(norms, 1):
                nn.init.normal_(norm.weight)
                getattr(theirs, f"norm{place}").load_state_dict(norm.state_dict())
            theirs.linear1.load_state_dict(block.feedforward[1].state_dict())
            theirs.linear2.load_state_dict(block.feedforward[4].state_dict())
        expected = theirs(x, memory) if crossed else theirs(x)
        torch.testing.assert_close(block(x, memory=memory) if crossed else block(x), expected)


def test_padding_in_the_memory_changes_nothing():
    torch.manual_seed(0)
    block = TransformerBlock(size=8, heads=4, dropout=0.0, crossed=True)
    x, memory = torch.randn(2, 3, 8), torch.randn(2, 6, 8)
    allowed = (torch.arange(6) < 4)[None, None, None].expand(2, 1, 1, 6)
    padded = block(x, causal=True, memory=memory, memory_allowed=allowed)
    torch.testing.assert_close(padded, block(x, causal=True, memory=memory[:, :4]))


def test_a_causal_block_sees_nothing_of_what_follows():
    block = TransformerBlock(size=8, heads=2, dropout=0.0, crossed=False)
    x = torch.randn(1, 6, 8)
    torch.testing.assert_close(block(x, causal=True)[:, :4], block(x[:, :4], causal=True))


def test_positions_are_sines_and_cosines_and_go_on_where_they_were_left():
    table = sinusoids(50, 8, torch.zeros(1))
    assert table.shape == (50, 8)
    for place in (0, 3, 49):
        for pair in range(4):
            angle = place / 10_000 ** (2 * pair / 8)
            assert table[place, 2 * pair].item() == pytest.approx(math.sin(angle), abs=1e-5)
            assert table[place, 2 * pair + 1].item() == pytest.approx(math.cos(angle), abs=1e-5)
    torch.testing.assert_close(sinusoids(10, 8, table, first=40), table[40:])
    assert sinusoids(4, 7, table).shape == (4, 7)


def test_heads_that_do_not_divide_the_size_are_refused():
    with pytest.raises(InputError, match=r"model\.heads=3 does not divide model\.size=8"):
        MultiHeadAttention(size=8, heads=3, dropout=0.0)
