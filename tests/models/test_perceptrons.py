"""Perceptrons against a loop over samples as it is written in the papers, and against scikit-learn."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import Perceptron as Reference
from torch import Tensor
from torch.nn.functional import multi_margin_loss

from dlexp.errors import InputError
from dlexp.models.scratch.multiclass_perceptron import MulticlassPerceptron, length
from dlexp.models.scratch.perceptron import Perceptron
from dlexp.models.scratch.perceptron_loss import perceptron_loss

SHAPE = [2, 3]


def samples(classes: int, count: int = 150) -> tuple[Tensor, Tensor]:
    """Noisy labels: no plane separates them."""
    x = torch.randn(count, *SHAPE)
    scores = x.flatten(1) @ torch.randn(6, classes) + torch.randn(count, classes)
    return x, scores.argmax(1)


def learn(model, x: Tensor, labels: Tensor, size: int, epochs: int = 2) -> tuple[Tensor, list[int]]:
    """Scores and mistakes of the last epoch."""
    for _ in range(epochs):
        scores, mistakes = [], []
        for start in range(0, len(x), size):
            met, found = model.learn(x[start : start + size], labels[start : start + size])
            scores.append(met)
            mistakes += (start + found).tolist()
    return torch.cat(scores), mistakes


def sample_by_sample(x: Tensor, labels: Tensor, classes: int, epochs: int = 2):
    """Last weights, mean of the weights after each sample, mistakes of the last epoch, scores as they were met."""
    x = np.hstack([x.flatten(1).double().numpy(), np.ones((len(x), 1))])
    weight = np.zeros((classes, x.shape[1]))
    total, seen = np.zeros_like(weight), 0
    for _ in range(epochs):
        mistakes, met = [], []
        for i, (sample, label) in enumerate(zip(x, labels.tolist(), strict=True)):
            scores = weight @ sample
            met.append(scores)
            rival = max((k for k in range(classes) if k != label), key=lambda k: scores[k])
            if scores[rival] >= scores[label]:
                weight[label] += sample
                weight[rival] -= sample
                mistakes.append(i)
            total, seen = total + weight, seen + 1
    return weight, total / seen, mistakes, np.array(met)


@pytest.mark.parametrize("size", [1, 7, 150])
def test_two_classes_are_those_of_scikit_learn(size):
    x, labels = samples(2)
    model = Perceptron(input_shape=SHAPE, num_classes=2)
    scores, mistakes = learn(model, x, labels, size, epochs=3)
    reference = Reference(shuffle=False, max_iter=3, tol=None).fit(x.flatten(1).double().numpy(), labels.numpy())
    assert np.allclose(model.weight, reference.coef_[0], rtol=0, atol=1e-9)
    assert model.bias.item() == reference.intercept_[0]
    assert torch.equal(model(x).argmax(1), torch.from_numpy(reference.predict(x.flatten(1).double().numpy())))
    right = scores.argmax(1) == labels
    assert mistakes == (~right).nonzero().squeeze(1).tolist()  # no score is exactly 0 here
    assert len(mistakes) > 20


def test_scores_are_distances_from_the_plane():
    model = Perceptron(input_shape=[2], num_classes=2)
    model.weight.copy_(torch.tensor([3.0, 4.0]))
    model.bias.fill_(-5.0)
    x = torch.tensor([[0.0, 0.0], [3.0, 4.0], [1.0, 0.5]])
    torch.testing.assert_close(model(x), torch.tensor([[0.0, -1.0], [0.0, 4.0], [0.0, 0.0]], dtype=torch.float64))
    assert model.loss(model(x), torch.tensor([1, 0, 1])).item() == pytest.approx((1 + 4 + 0) / 3)
    assert model.weight_images().tolist() == [[3.0, 4.0]]


@pytest.mark.parametrize("classes", [2, 5])
@pytest.mark.parametrize("size", [1, 16, 150])
def test_several_classes_are_those_of_a_loop(size, classes):
    x, labels = samples(classes)
    last, mean, mistakes, met = sample_by_sample(x, labels, classes)
    plain, averaged = (
        MulticlassPerceptron(input_shape=SHAPE, num_classes=classes, averaged=flag) for flag in (False, True)
    )
    for model, weight in ((plain, last), (averaged, mean)):
        assert not model(x).any()  # before the first sample
        scores, found = learn(model, x, labels, size)
        assert found == mistakes
        assert len(found) > 10
        assert np.allclose(model.answering(), weight, rtol=0, atol=1e-11)
        assert np.allclose(model.weight, last, rtol=0, atol=1e-11)
        answer = x.flatten(1).double().numpy() @ weight[:, :-1].T + weight[:, -1]
        assert np.array_equal(model(x).argmax(1), answer.argmax(1))
        images = model.weight_images()
        assert images.shape == (classes, *SHAPE)
        assert np.allclose(images.flatten(1), weight[:, :-1], atol=1e-5)
    assert scores.shape == met.shape
    if size == 150:  # in one batch, all scores are measured with the same length
        assert np.allclose(scores * length(plain.weight), met, atol=1e-9)


def test_the_length_is_that_of_the_mean_difference():
    weight = torch.randn(4, 7, dtype=torch.float64)
    weight -= weight.mean(0)
    squares = [(weight[k, :-1] - weight[m, :-1]).square().sum() for k in range(4) for m in range(k)]
    torch.testing.assert_close(length(weight), torch.stack(squares).mean().sqrt())


def test_the_state_goes_on_bit_by_bit():
    x, labels = samples(3)
    model, other = (MulticlassPerceptron(input_shape=SHAPE, num_classes=3, averaged=True) for _ in range(2))
    model.learn(x[:70], labels[:70])
    other.load_state_dict(model.state_dict())
    for one in (model, other):
        one.learn(x[70:], labels[70:])
    assert torch.equal(model(x), other(x))


def test_loss_is_the_lead_of_the_strongest_wrong_class():
    scores, labels = torch.randn(9, 2), torch.arange(9) % 2
    expected = multi_margin_loss(scores, labels, margin=0.0) * 2  # with two classes, of which it takes the mean
    torch.testing.assert_close(perceptron_loss(scores, labels), expected)
    scores = torch.tensor([[1.0, 3.0, 2.0]])
    assert [perceptron_loss(scores, torch.tensor([k])).item() for k in range(3)] == [2.0, 0.0, 1.0]


def test_two_classes_only():
    with pytest.raises(InputError, match="model=multiclass_perceptron"):
        Perceptron(input_shape=SHAPE, num_classes=3)
