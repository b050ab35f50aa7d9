"""Greedy decoding and beam search against looking at every answer there is."""

from itertools import product

import pytest
import torch
from torch import Tensor, nn

from dlexp.layers.decoding.beam import beam_search
from dlexp.layers.decoding.forced import partly_forced, shifted
from dlexp.layers.decoding.greedy import greedy
from dlexp.layers.tokens import BEGIN, END, FIRST, PAD

TOKENS = FIRST + 2  # of which END and two letters can be said
MOST = 4


class Memory(nn.Module):
    """Says the next of TOKENS by the word and by all that was said so far, at random."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        generator = torch.Generator().manual_seed(seed)
        self.table = 2 * torch.randn(997, TOKENS, generator=generator)

    def begin(self, words: Tensor) -> tuple[Tensor]:
        return (words.sum(1),)  # (B,)

    def step(self, token: Tensor, state: tuple[Tensor]) -> tuple[Tensor, tuple[Tensor]]:
        key = (state[0] * 31 + token + 7) % len(self.table)
        return self.table[key], (key,)


def words(*numbers: int) -> Tensor:
    return torch.tensor(numbers)[:, None]


def log_probability(model: Memory, word: Tensor, answer: tuple[int, ...]) -> float:
    state, token, total = model.begin(word[None]), torch.tensor([BEGIN]), 0.0
    for said in answer:
        logits, state = model.step(token, state)
        allowed = logits[0, END:].double()
        total += (allowed[said - END] - allowed.logsumexp(0)).item()
        token = torch.tensor([said])
    return total


def best(model: Memory, word: Tensor, length_power: float) -> tuple[tuple[int, ...], float]:
    """Of all answers that end within MOST tokens, and those that do not."""
    letters = range(FIRST, TOKENS)
    every = [(*said, END) for length in range(MOST) for said in product(letters, repeat=length)]
    every += list(product(letters, repeat=MOST))
    scores = {said: log_probability(model, word, said) / len(said) ** length_power for said in every}
    return max(scores.items(), key=lambda item: item[1])


def without_padding(answer: Tensor) -> tuple[int, ...]:
    return tuple(token for token in answer.tolist() if token != PAD)


@pytest.mark.parametrize("length_power", [0.0, 0.7, 1.0])
@pytest.mark.parametrize("seed", range(6))
def test_a_wide_beam_finds_the_best_of_all_answers(seed, length_power):
    model, asked = Memory(seed), words(3, 8, 20, 55, 81)
    found = beam_search(model, asked, MOST, beam=40, length_power=length_power)
    for word, answer in zip(asked, found, strict=True):
        said = without_padding(answer)
        expected, score = best(model, word, length_power)
        assert said == expected
        assert log_probability(model, word, said) / len(said) ** length_power == pytest.approx(score, rel=1e-5)


def test_wider_beams_find_answers_that_are_as_likely_or_likelier_on_the_whole():
    asked = words(*range(3, 60))
    means = []
    for beam in (1, 2, 4, 16):
        model = Memory(1)
        found = beam_search(model, asked, MOST, beam=beam, length_power=0.0)
        each = [log_probability(model, word, without_padding(a)) for word, a in zip(asked, found, strict=True)]
        means.append(sum(each) / len(each))
    assert means[0] < means[1] < means[3]
    assert means == sorted(means)


@pytest.mark.parametrize("length_power", [0.0, 1.0])
def test_a_beam_of_one_is_greedy(length_power):
    model, asked = Memory(2), words(*range(3, 90))
    one = greedy(model, asked, 9)
    other = beam_search(model, asked, 9, beam=1, length_power=length_power)
    width = max(one.shape[1], other.shape[1])
    one, other = (nn.functional.pad(x, (0, width - x.shape[1]), value=PAD) for x in (one, other))
    assert torch.equal(one, other)


def test_greedy_takes_the_likeliest_stops_and_pads():
    model, asked = Memory(3), words(*range(3, 40))
    found = greedy(model, asked, 50)
    assert not (found == BEGIN).any()
    assert not (found[:, 0] == PAD).any()
    for word, answer in zip(asked, found, strict=True):
        state, token, said = model.begin(word[None]), torch.tensor([BEGIN]), []
        while not said or (said[-1] != END and len(said) < found.shape[1]):
            logits, state = model.step(token, state)
            said.append(END + int(logits[0, END:].argmax()))
            token = torch.tensor(said[-1:])
        assert answer.tolist() == said + [PAD] * (len(answer) - len(said))
    if (found == END).any(1).all():
        assert (found[:, -1] == END).any()  # not a step more than the longest took


def test_all_have_ended_is_the_end():
    class Ends(Memory):
        def step(self, token, state):
            logits, state = super().step(token, state)
            return logits.index_fill(1, torch.tensor([END]), 100.0), state

    assert greedy(Ends(0), words(4, 5), 50).tolist() == [[END], [END]]
    assert beam_search(Ends(0), words(4, 5), 50, beam=3, length_power=0.0).tolist() == [[END], [END]]


def test_an_answer_does_not_depend_on_its_neighbours():
    model, asked = Memory(4), words(3, 8, 20, 55)
    together = beam_search(model, asked, 8, beam=3, length_power=0.6)
    for word, answer in zip(asked, together, strict=True):
        alone = beam_search(model, word[None], 8, beam=3, length_power=0.6)
        assert without_padding(alone[0]) == without_padding(answer)


# --- teacher forcing ---------------------------------------------------------------------------------------


def test_all_truth_is_the_right_answer_moved_by_one():
    right = torch.tensor([[3, 4, END], [4, END, PAD]])
    assert shifted(right).tolist() == [[BEGIN, 3, 4], [BEGIN, 4, END]]
    given = partly_forced(Memory(0), words(5, 9), right, torch.ones(2, 3, dtype=torch.bool))
    assert torch.equal(given, shifted(right))


def test_no_truth_is_greedy_decoding():
    model, asked = Memory(5), words(*range(3, 30))
    said = greedy(model, asked, 6)
    right = torch.full((len(asked), said.shape[1]), 4)
    given = partly_forced(model, asked, right, torch.zeros_like(right, dtype=torch.bool))
    before_the_end = (said == END).cumsum(1) == 0
    assert torch.equal(given[:, 1:][before_the_end[:, :-1]], said[:, :-1][before_the_end[:, :-1]])
    assert (given[:, 0] == BEGIN).all()


def test_some_truth_is_what_was_asked_for():
    model, asked = Memory(6), words(*range(3, 30))
    right = torch.randint(FIRST, TOKENS, (len(asked), 6), generator=torch.Generator().manual_seed(0))
    truth = torch.rand(right.shape, generator=torch.Generator().manual_seed(1)) < 0.5
    given = partly_forced(model, asked, right, truth)
    assert torch.equal(given[:, 1:][truth[:, 1:]], right[:, :-1][truth[:, 1:]])
    for word, row, told in zip(asked, given, truth, strict=True):
        state = model.begin(word[None])
        for place in range(5):
            logits, state = model.step(row[place][None], state)
            if not told[place + 1]:
                assert row[place + 1] == END + logits[0, END:].argmax()
