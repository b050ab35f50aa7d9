"""Skip-grams against autograd, dense references and torch's cross-entropy."""

import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, logsigmoid

from dlexp.errors import InputError
from dlexp.layers.pairs import pairs
from dlexp.models.words.full_softmax import FullSoftmax
from dlexp.models.words.negative_sampling import NegativeSampling
from dlexp.models.words.skip_gram import SkipGram

V, D, M, C, W, K = 11, 4, 3, 5, 2, 6


def batch() -> tuple[Tensor, ...]:
    generator = torch.Generator().manual_seed(0)
    stretches = torch.randint(V, (M, C + 2 * W), generator=generator)
    stretches[0, :W] = -1
    stretches[2, W + 2 :] = -1
    reach = torch.randint(1, W + 1, (M, C), generator=generator, dtype=torch.int8)
    reach[2, 2:] = 0
    noise = torch.randint(V, (M, K), generator=generator)
    return stretches[:, W : W + C].flatten(), stretches, reach, noise


def model(kind: type[SkipGram]) -> SkipGram:
    torch.manual_seed(0)
    made = kind(words=V, size=D, **({"negatives": 3} if kind is NegativeSampling else {}))
    made.double()
    torch.nn.init.normal_(made.vectors)
    torch.nn.init.normal_(made.contexts)
    return made


def listed() -> list[tuple[int, int, Tensor]]:
    """Centre, word around it, and the noise that they share, of each pair."""
    _, stretches, reach, noise = batch()
    found = []
    for m in range(M):
        for c in range(C):
            for place in range(C + 2 * W):
                far = abs(place - c - W)
                if 0 < far <= reach[m, c] and stretches[m, place] >= 0:
                    found.append((stretches[m, c + W].item(), stretches[m, place].item(), noise[m]))
    return found


def negative_sampling(v: Tensor, u: Tensor) -> Tensor:
    loss = v.new_zeros(())
    for centre, word, noise in listed():
        loss = loss - logsigmoid(v[centre] @ u[word]) - 3 * logsigmoid(-(u[noise] @ v[centre])).mean()
    return loss


def softmax(v: Tensor, u: Tensor) -> Tensor:
    centre, word, _ = zip(*listed(), strict=True)
    return cross_entropy(v[list(centre)] @ u.T, torch.tensor(word), reduction="sum")


@pytest.mark.parametrize(("kind", "reference"), [(NegativeSampling, negative_sampling), (FullSoftmax, softmax)])
def test_loss_and_gradients(kind, reference):
    made = model(kind)
    v, u = (table.detach().clone().requires_grad_() for table in (made.vectors, made.contexts))
    expected = reference(v, u)
    expected.backward()
    loss, count = made.loss(batch())
    torch.testing.assert_close(loss, expected.detach())
    assert count == len(listed())
    for name, theirs in (("vectors", v.grad), ("contexts", u.grad)):
        dense = torch.zeros(V, D, dtype=torch.float64)
        for table, rows, values in made.gradients(batch()):
            if table == name:
                dense.index_add_(0, rows, values)
        torch.testing.assert_close(dense, theirs)


def test_the_pairs_of_a_stretch():
    asked = pairs(torch.tensor([[-1, 4, 5, 6, 7]]), torch.tensor([[1, 2, 0]], dtype=torch.int8))
    assert asked.int().tolist() == [[[0, 0, 1, 0, 0], [0, 1, 0, 1, 1], [0, 0, 0, 0, 0]]]


def test_negative_sampling_finds_the_law_that_the_text_has():
    """At the least of the expected loss, `log_odds` are the logarithms of p(word around | word), up to a constant a row
    (Levy and Goldberg 2014).
    """
    law = torch.softmax(torch.randn(V, V, generator=torch.Generator().manual_seed(1)).double(), dim=1)
    noise = torch.softmax(torch.arange(V).double() / 4, dim=0)
    made = NegativeSampling(words=V, size=V, negatives=3).double()
    made.contexts.copy_(torch.eye(V))
    made.vectors.copy_((law / (3 * noise)).log())  # where the loss of each score has no slope
    scores = made.vectors @ made.contexts.T
    slope = law * (scores.sigmoid() - 1) + 3 * noise * scores.sigmoid()
    torch.testing.assert_close(slope, torch.zeros(V, V).double())
    torch.testing.assert_close(made.log_odds(torch.arange(V), noise).softmax(1), law)


def test_the_softmax_is_its_own_law():
    made = model(FullSoftmax)
    odds = made.log_odds(torch.tensor([3, 4]), torch.full((V,), 1 / V))
    torch.testing.assert_close(odds, made.vectors[[3, 4]] @ made.contexts.T)
    assert made.log_odds(torch.tensor([1]), torch.full((5,), 0.2)).shape == (1, 5)  # the words that are there


@pytest.mark.parametrize("changes", [{"size": 0}, {"words": 0}, {"negatives": 0}, {"size": 2**31}])
def test_one_line(changes):
    with pytest.raises(InputError, match=next(iter(changes))):
        NegativeSampling(**({"words": 5, "size": 3, "negatives": 5} | changes))
