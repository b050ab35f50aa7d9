"""The perceptron of two classes by hand: each mistake is added to its weights, or taken away from them."""

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from dlexp.errors import InputError
from dlexp.models.scratch.perceptron_loss import perceptron_loss


class Perceptron(nn.Module):
    """Says class 1 where x w + b > 0, of D = prod(input_shape) numbers.

    The scores are [0, z] with z = (x w + b) / |w|: the distance from the plane, positive on the side of class 1. The
    length of w grows with every mistake and decides nothing. All sums are float64: no rounding makes a mistake.

    Rosenblatt 1958, The perceptron, Psychological Review 65; the bound on its mistakes: Novikoff 1962.
    """

    def __init__(self, *, input_shape: Sequence[int], num_classes: int) -> None:
        super().__init__()
        if num_classes != 2:
            raise InputError(
                f"model=perceptron is for two classes, the data has {num_classes}: take model=multiclass_perceptron"
            )
        self.input_shape = list(input_shape)
        zeros = torch.zeros(math.prod(input_shape), dtype=torch.float64)
        self.weight = nn.Parameter(zeros, requires_grad=False)  # (D,)
        self.bias = nn.Parameter(torch.zeros((), dtype=torch.float64), requires_grad=False)  # ()

    def forward(self, x: Tensor) -> Tensor:
        return self.scores(x.flatten(1).double() @ self.weight + self.bias)  # (B, 2)

    def scores(self, z: Tensor) -> Tensor:
        """(B, 2), from weighted sums (B,)."""
        z = z / self.weight.norm().clamp(min=1e-12)
        return torch.stack([torch.zeros_like(z), z], 1)

    def loss(self, scores: Tensor, labels: Tensor) -> Tensor:
        return perceptron_loss(scores, labels)

    def learn(self, x: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Go through the batch, one sample after the other: w += y x, b += y where y (x w + b) <= 0, y = -1 or 1.

        A mistake at sample i changes the y (x w + b) of sample j by y_i y_j (x_i x_j + 1). With this table of the
        batch at hand, the next mistake is looked for among all later samples at once, and each costs a row of it.

        Returns the scores (B, 2), of each sample as it was met, and which samples (M,) were mistakes, in their order.
        """
        x, y = x.flatten(1).double(), 2.0 * labels - 1  # (B, D), (B,)
        signed = y[:, None] * x  # (B, D)
        table = (signed @ signed.T + y[:, None] * y).cpu().numpy()  # (B, B)
        right = (signed @ self.weight + y * self.bias).cpu().numpy()  # (B,), above 0 where it is right

        mistakes, first = [], 0
        while (later := right[first:] <= 0).any():
            mistake = first + later.argmax()
            mistakes.append(mistake)
            first = mistake + 1
            right[first:] += table[mistake, first:]  # what was met before keeps the value that it had

        found = torch.tensor(mistakes, dtype=torch.long, device=x.device)  # (M,)
        self.weight += signed[found].sum(0)
        self.bias += y[found].sum()
        return self.scores(y * torch.from_numpy(right).to(y)), found

    def weight_images(self) -> Tensor:
        """What speaks for class 1, laid out as the input: (1, *input_shape)."""
        return self.weight.reshape(1, *self.input_shape).float()
