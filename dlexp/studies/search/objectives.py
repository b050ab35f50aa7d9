"""What a search wants more of, or less: the task's monitored metric unless it is told otherwise."""

from collections.abc import Mapping
from dataclasses import dataclass

from omegaconf import DictConfig

from dlexp.comparison.costs import COSTS
from dlexp.composition.nearest import nearest
from dlexp.errors import InputError
from dlexp.reporting.run_folder import Result

DIRECTIONS = {"min": "minimize", "max": "maximize"}
EXAMPLE = "'hydra.sweeper.objectives={val/accuracy: max, parameters: min}'"


@dataclass(frozen=True)
class Objective:
    """A metric (`val/accuracy`) or a cost (`parameters`) of a finished run, and whether to minimize or maximize it."""

    name: str
    mode: str

    def value(self, result: Result) -> float:
        """InputError if a finished run does not have it."""
        found = result.metrics | {cost: getattr(result, cost) for cost in COSTS}
        value = found.get(self.name)
        if value is None:
            raise InputError(f"the trials have no {self.name}{nearest(self.name, found)}: name another objective")
        return float(value)


def read_objectives(chosen: Mapping[str, str] | None, task: DictConfig) -> list[Objective]:
    """`chosen` is {name: min or max}, `task` the config of what is monitored. InputError if they make no sense."""
    monitored = task.get("monitor")
    if chosen is None and monitored is None:
        raise InputError(f"this task monitors no metric: say what to search for, such as {EXAMPLE}")
    objectives = [Objective(*item) for item in ({monitored: task.get("mode")} if chosen is None else chosen).items()]
    if not objectives:
        raise InputError(f"hydra.sweeper.objectives is empty: write {EXAMPLE}")
    for objective in objectives:
        if objective.mode not in DIRECTIONS:
            raise InputError(f"hydra.sweeper.objectives: {objective.name} wants min or max, not {objective.mode}")
        if "/" not in objective.name and objective.name not in COSTS:
            raise InputError(f"there is no objective '{objective.name}'{nearest(objective.name, [monitored, *COSTS])}")
        if objective.name.startswith("test/") and objective.name != monitored:
            raise InputError(f"{objective.name} is no objective: the test split judges what was chosen without it")
    return objectives
