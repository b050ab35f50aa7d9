"""The perceptron of several classes by hand: a mistake is added to its own class, and taken from its rival."""

import math
from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor, nn

from dlexp.models.scratch.perceptron_loss import perceptron_loss, rivals


class MulticlassPerceptron(nn.Module):
    """A weighted sum x W_k + b_k for each of K = num_classes, of D = prod(input_shape) numbers; the largest wins.

    `averaged`: the mean of the weights after each sample met so far answers, the plain weights go on learning. All
    sums are float64: no rounding makes a mistake.

    Crammer and Singer 2003, Ultraconservative online algorithms, JMLR 3; the average: Freund and Schapire 1999, Large
    margin classification using the perceptron algorithm, Machine Learning 37.
    """

    def __init__(self, *, input_shape: Sequence[int], num_classes: int, averaged: bool) -> None:
        super().__init__()
        self.input_shape = list(input_shape)
        self.averaged = averaged
        zeros = torch.zeros(num_classes, math.prod(input_shape) + 1, dtype=torch.float64)
        self.weight = nn.Parameter(zeros, requires_grad=False)  # (K, D + 1): the last number is the bias
        self.register_buffer("late", torch.zeros_like(zeros))  # (K, D + 1): each change times the samples before it
        self.register_buffer("met", torch.zeros((), dtype=torch.long))  # (): samples

    def answering(self) -> Tensor:
        """The weights (K, D + 1) that answer.

        A change made at sample t is part of the weights after t, t + 1, …, T: of T - (t - 1) of them. So the sum of
        all T is T times the last weights, less every change times (t - 1).
        """
        return self.weight - self.late / self.met.clamp(min=1) if self.averaged else self.weight

    def forward(self, x: Tensor) -> Tensor:
        weight = self.answering()
        return with_one(x) @ weight.T / length(weight)  # (B, K)

    def loss(self, scores: Tensor, labels: Tensor) -> Tensor:
        return perceptron_loss(scores, labels)

    def learn(self, x: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Go through the batch, one sample after the other; W_y += x, W_r -= x where a class r has no less than y.

        r is the strongest of the classes other than the sample's own, y. A mistake at sample i adds x_i x_j to the
        score of y at sample j, and takes it from that of r. With this table of the batch at hand, the next mistake is
        looked for among all later samples at once.

        Returns the scores (B, K), of each sample as it was met, and which samples (M,) were mistakes, in their order.
        """
        x = with_one(x)  # (B, D + 1)
        table = (x @ x.T).cpu().numpy()  # (B, B)
        scores = (x @ self.weight.T).cpu()  # (B, K), changed in what follows
        truth = labels.cpu()
        others = rivals(scores, truth).numpy()  # (B, K), the same without the own class
        scores, truth, samples = scores.numpy(), truth.numpy(), np.arange(len(x))

        mistakes, given, first = [], [], 0
        while (later := others[first:].max(1) >= scores[samples[first:], truth[first:]]).any():
            mistake = first + later.argmax()
            own, rival = truth[mistake], others[mistake].argmax()
            mistakes.append(mistake)
            given.append(rival)
            first = mistake + 1
            for of in (scores, others):  # what was met before keeps the values that it had; -inf stays
                of[first:, own] += table[mistake, first:]
                of[first:, rival] -= table[mistake, first:]

        found = torch.tensor(mistakes, dtype=torch.long, device=x.device)  # (M,)
        change = torch.zeros(len(found), len(self.weight), dtype=torch.float64, device=x.device)  # (M, K)
        change.scatter_(1, labels[found, None], 1.0)
        change.scatter_(1, torch.tensor(given, dtype=torch.long, device=x.device)[:, None], -1.0)
        self.late += (change * (self.met + found)[:, None]).T @ x[found]
        self.weight += change.T @ x[found]
        self.met += len(x)
        return torch.from_numpy(scores).to(x) / length(self.weight), found

    def weight_images(self) -> Tensor:
        """What speaks for each class, laid out as the input: (K, *input_shape)."""
        return self.answering()[:, :-1].reshape(-1, *self.input_shape).float()


def with_one(x: Tensor) -> Tensor:
    """Samples (B, …) as float64 (B, D + 1): the bias is the weight of the 1 at the end."""
    x = x.flatten(1).double()
    return torch.cat([x, x.new_ones(len(x), 1)], 1)


def length(weight: Tensor) -> Tensor:
    """How fast two scores part, as a tensor (): the root of the mean of |W_k - W_l|^2 over pairs of classes.

    It grows with every mistake and decides nothing. Divided by it, scores are about distances from the planes between
    classes. The rows sum to 0, so that the squares of the pairs sum to K |W|^2.
    """
    return (weight[:, :-1].norm() * (2 / (len(weight) - 1)) ** 0.5).clamp(min=1e-12)
