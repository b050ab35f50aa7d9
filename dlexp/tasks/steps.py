"""A loader for walks that need no data: a batch for each step."""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor


class Steps:
    """Each batch holds the numbers (W,) of the walkers, which callbacks count: a step is a sample of each.

    `made` tells how many steps have been made, so that a walk that was stopped goes on with the next.
    """

    def __init__(self, *, steps: int, walkers: int, made: Callable[[], int]) -> None:
        self.steps = steps
        self.batch = (torch.arange(walkers),)
        self.made = made
        self.first = 0

    def __len__(self) -> int:
        return self.steps

    def __iter__(self) -> Iterator[tuple[Tensor]]:
        first, self.first = self.first, 0
        for _ in range(first, self.steps):
            yield self.batch

    def state_dict(self) -> dict[str, int]:
        return {"made": self.made()}

    def load_state_dict(self, state: dict[str, int]) -> None:
        self.first = state["made"] % self.steps  # all of them: the next epoch begins
