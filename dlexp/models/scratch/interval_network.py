"""A network that needs no training: is the sum of inputs of -1 and +1 in an interval? Its weights are all -1 or +1."""

import torch
from torch import Tensor, nn

from dlexp.errors import InputError

FORMS = ("threshold", "relu")


class IntervalNetwork(nn.Module):
    """f(x) = 1 where low <= x_1 + … + x_D <= high, else -1; one hidden layer, whole numbers as weights and biases.

    Sums of D such inputs jump by 2: with D even they are even. Let [low, high] be drawn in to sums that can occur. A
    boundary at low - 1 and high + 1 is then a whole number, and as far from both neighbours as can be: by 1.

    `threshold`, with s = sum x and sign(0) = -1: two units, each for one end, and one that wants both:

        f = sign(sign(s - low + 1) + sign(high + 1 - s) - 1)

    `relu`: four units, each where the output has a corner, and the output itself is f, without a threshold:

        f = 1 - relu(low - s) + relu(low - 2 - s) - relu(s - high) + relu(s - high - 2)

    A `low` or `high` beyond -D or D is kept: this end then never matters.
    """

    def __init__(self, *, dimension: int, low: int, high: int, form: str) -> None:
        super().__init__()
        for name, value in (("dimension", dimension), ("low", low), ("high", high)):
            if not isinstance(value, int):
                raise InputError(f"model.{name}={value} does not work: give a whole number")
        if dimension < 1:
            raise InputError(f"model.dimension={dimension} does not work: give a number of inputs, 1 or more")
        if low > high:
            raise InputError(f"model.low={low} is above model.high={high}: give the interval's lower end first")
        if form not in FORMS:
            raise InputError(f"model.form={form} is not an option, choose one of: {', '.join(FORMS)}")
        self.dimension = dimension
        self.form = form
        self.low = low + (low - dimension) % 2  # the first sum that is not below
        self.high = high - (high - dimension) % 2  # the last one that is not above; low - 2 where there is none between
        if form == "threshold":
            signs, biases = [1, -1], [1 - self.low, self.high + 1]
            outer, bias = [1, 1], -1
        else:
            signs, biases = [-1, -1, 1, 1], [self.low, self.low - 2, -self.high, -self.high - 2]
            outer, bias = [-1, 1, -1, 1], 1
        self.weight = fixed(signs)[:, None].expand(-1, dimension).clone()  # (H, D)
        self.weight = nn.Parameter(self.weight, requires_grad=False)
        self.bias = nn.Parameter(fixed(biases), requires_grad=False)  # (H,)
        self.outer_weight = nn.Parameter(fixed(outer), requires_grad=False)  # (H,)
        self.outer_bias = nn.Parameter(fixed(bias), requires_grad=False)  # ()

    def hidden(self, x: Tensor) -> Tensor:
        """(B, H): what the units say of inputs (B, D), which may be any real numbers."""
        reached = x.double() @ self.weight.T + self.bias
        return sign(reached) if self.form == "threshold" else reached.clamp(min=0)

    def forward(self, x: Tensor) -> Tensor:
        """(B,): -1 or 1 of inputs of -1 and 1, in either form."""
        output = self.hidden(x) @ self.outer_weight + self.outer_bias
        return sign(output) if self.form == "threshold" else output

    def margin(self) -> float:
        """By how much all inputs may be off at once, in the max norm, before the sign of an output changes.

        The sum is then off by up to D times that, and both forms change their sign at low - 1 and high + 1 only: the
        nearest sum that can occur decides. In the l2 norm it is sqrt(D) times as much, as the worst direction is that
        of (1, …, 1). Infinite where the interval holds no sum that could occur: then the network says -1 everywhere.
        """
        if self.low > self.high:
            return torch.inf
        sums = torch.arange(-self.dimension, self.dimension + 1, 2)
        nearest = min((sums - (self.low - 1)).abs().min(), (sums - (self.high + 1)).abs().min())
        return nearest.item() / self.dimension

    def in_form(self, form: str) -> "IntervalNetwork":
        """The network of the same function in this form."""
        low, high = min(self.low, self.high + 1), max(self.high, self.low - 1)  # low <= high where it holds no sum, too
        return IntervalNetwork(dimension=self.dimension, low=low, high=high, form=form)


def fixed(numbers: list[int] | int) -> Tensor:
    return torch.tensor(numbers, dtype=torch.float64)


def sign(x: Tensor) -> Tensor:
    return torch.where(x > 0, 1.0, -1.0).to(x)
