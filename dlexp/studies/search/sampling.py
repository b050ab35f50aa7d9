"""Draws that can be repeated and written down."""

from collections.abc import Callable
from typing import Any

import numpy as np
from optuna import Study
from optuna.distributions import BaseDistribution, FloatDistribution
from optuna.samplers import BaseSampler
from optuna.trial import FrozenTrial, TrialState

DIGITS = 6  # of a drawn number that is not whole, in the name of its folder as well


class Repeatable(BaseSampler):
    """A sampler of Optuna's, made anew for every trial by `make(seed=…)`, of which numbers have six digits.

    What it draws depends on `seed`, the trial's number and the trials before it, so a search that was killed goes
    on as if it had not been. Numbers are rounded before Optuna keeps them: it learns from the values that were run.
    """

    def __init__(self, make: Callable[..., BaseSampler], seed: int) -> None:
        self.make, self.seed = make, seed
        self.sampler = make(seed=seed)

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        seed = int(np.random.SeedSequence([self.seed, trial.number]).generate_state(1)[0])
        self.sampler = self.make(seed=seed)
        self.sampler.before_trial(study, trial)

    def infer_relative_search_space(self, study: Study, trial: FrozenTrial) -> dict[str, BaseDistribution]:
        return self.sampler.infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        drawn = self.sampler.sample_relative(study, trial, search_space)
        return {name: short(value, search_space[name]) for name, value in drawn.items()}

    def sample_independent(self, study: Study, trial: FrozenTrial, name: str, distribution: BaseDistribution) -> Any:
        return short(self.sampler.sample_independent(study, trial, name, distribution), distribution)

    def after_trial(self, study: Study, trial: FrozenTrial, state: TrialState, values: list[float] | None) -> None:
        self.sampler.after_trial(study, trial, state, values)


def short(value: Any, distribution: BaseDistribution) -> Any:
    """Rounded where it is not whole, but never out of its interval."""
    if not isinstance(distribution, FloatDistribution):
        return value
    return min(max(float(f"{value:.{DIGITS}g}"), distribution.low), distribution.high)
