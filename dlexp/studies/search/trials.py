"""The trials of one search: asked of Optuna, told to it, and kept in the journal of the study's folder."""

import math
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import optuna
from hydra.utils import instantiate
from optuna import Study
from optuna.distributions import check_distribution_compatibility
from optuna.samplers import BaseSampler
from optuna.trial import FrozenTrial, Trial, TrialState

from dlexp.errors import InputError
from dlexp.reporting.run_folder import Result
from dlexp.reporting.search_journal import NAME, storage
from dlexp.studies.search.objectives import DIRECTIONS, Objective
from dlexp.studies.search.space import Space

USEFUL = (TrialState.COMPLETE, TrialState.PRUNED)
ANOTHER = "name another study=…"
UNDER_WAY = ("running", "interrupted")  # what a run that was killed or stopped leaves in its result.json


class Trials:
    """A trial knows its jobs by their overrides, which is how a run finds its trial as well."""

    def __init__(
        self, folder: Path, space: Space, objectives: Sequence[Objective], sampler: BaseSampler, facts: dict[str, Any]
    ) -> None:
        """Go on with the search in `folder`, or begin one. `facts` must be what they were when it began."""
        self.folder, self.space, self.objectives = folder, space, objectives
        self.study = self.open(sampler)
        facts = {"objectives": [[objective.name, objective.mode] for objective in objectives]} | facts
        for key, now in facts.items():
            before = self.study.user_attrs.get(key)
            if before is None:
                self.study.set_user_attr(key, now)
            elif before != now:
                raise InputError(f"{folder} holds a search with {key} {shown(before)}, now {shown(now)}: {ANOTHER}")
        self.check_space()
        for trial in self.running:
            if "jobs" not in trial.user_attrs:  # killed while it was drawn
                self.study.tell(trial.number, state=TrialState.FAIL)

    def open(self, sampler: BaseSampler) -> Study:
        """A search in which nothing has come to anything yet may have been a mistake: it begins anew."""
        store = storage(self.folder)
        directions = [DIRECTIONS[objective.mode] for objective in self.objectives]
        if NAME in optuna.get_all_study_names(store):
            study = optuna.load_study(study_name=NAME, storage=store, sampler=sampler)
            if any(trial.state in USEFUL for trial in study.get_trials(deepcopy=False)):
                return study
            optuna.delete_study(study_name=NAME, storage=store)
        return optuna.create_study(study_name=NAME, storage=store, sampler=sampler, directions=directions)

    def check_space(self) -> None:
        """An interval may grow or shrink and a key may come or go; choices are what earlier trials chose among."""
        for trial in self.study.get_trials(deepcopy=False):
            for key in trial.distributions.keys() & self.space.searched.keys():
                try:
                    check_distribution_compatibility(trial.distributions[key], self.space.searched[key])
                except ValueError:
                    raise InputError(f"{self.folder} holds a search over other values of {key}: {ANOTHER}") from None

    def prune_by(self, pruner: dict[str, Any] | None) -> None:
        """The node of its config, for the runs to build it as well; None: no trial is stopped."""
        self.study.set_user_attr("pruner", pruner)
        if pruner:
            self.study.pruner = instantiate(pruner, _convert_="all")  # some tell samplers which trials to learn from

    @property
    def made(self) -> list[FrozenTrial]:
        """All that have begun, in their order."""
        return [trial for trial in self.study.get_trials(deepcopy=False) if "jobs" in trial.user_attrs]

    @property
    def useful(self) -> list[FrozenTrial]:
        """Those that have shown something."""
        return [trial for trial in self.made if trial.state in USEFUL]

    @property
    def running(self) -> list[FrozenTrial]:
        return self.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))

    def ask(self) -> Trial:
        """A new one."""
        trial = self.study.ask(self.space.searched)
        trial.set_user_attr("jobs", self.space.jobs(trial.params))
        return trial

    def twin(self, trial: Trial) -> FrozenTrial | None:
        """An earlier trial that has drawn the same values and shown what they are worth."""
        jobs = trial.user_attrs["jobs"]
        return next((earlier for earlier in self.useful if earlier.user_attrs["jobs"] == jobs), None)

    def repeat(self, trial: Trial, twin: FrozenTrial) -> None:
        """What the twin gave is what this one would give."""
        for step, value in twin.intermediate_values.items():
            trial.report(value, step)
        self.study.tell(trial, twin.values if twin.state == TrialState.COMPLETE else None, twin.state)

    def tell(self, number: int, results: Sequence[Result]) -> str:
        """How the jobs of a trial have ended: the means of the objectives over its seeds, or why there are none.

        A trial that was killed or stopped stays under way: the same command goes on with it. InputError if a
        finished job lacks an objective.
        """
        statuses = {result.status for result in results}
        if statuses == {"finished"}:
            values = [statistics.fmean(map(objective.value, results)) for objective in self.objectives]
            if all(map(math.isfinite, values)):
                self.study.tell(number, values)
                return "finished"
        elif "pruned" in statuses:
            self.study.tell(number, state=TrialState.PRUNED)
            return "pruned"
        elif statuses & set(UNDER_WAY):
            return "interrupted"
        self.study.tell(number, state=TrialState.FAIL)
        return "failed"


def shown(fact: Any) -> str:
    """A fact of a search as a person writes it."""
    if isinstance(fact, list):
        return " ".join(map(shown, fact)) or "nothing"
    return str(fact)
