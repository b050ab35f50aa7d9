"""Which jobs of a study are replicates of one another, and what to call what they replicate."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from dlexp.comparison.statistics import mean_and_deviation
from dlexp.reporting.quantities import known
from dlexp.reporting.run_folder import Run

NOT_AN_AXIS = (  # replicates, tables of their own, and what says only where and how a job is run
    *("seed", "data"),
    *("study", "ckpt", "data_dir", "output_dir", "on_change", "job_timeout"),
)
LONGEST = 8  # characters of a number in a name


@dataclass(frozen=True)
class Alternative:
    """Finished runs that differ only in seed."""

    name: str
    runs: tuple[Run, ...]
    settings: Mapping[str, str] = field(default_factory=dict)  # of what varies in the study

    def by_seed(self, metric: str) -> dict[int, float]:
        """The metric of each run that has it and a seed."""
        found = {run.result.seed: run.result.metrics.get(metric) for run in self.runs if run.result.seed is not None}
        return {seed: value for seed, value in found.items() if known(value)}

    def values(self, metric: str) -> list[float]:
        """The metric of each run that has it."""
        found = (run.result.metrics.get(metric) for run in self.runs)
        return [value for value in found if known(value)]

    def metric(self, name: str) -> tuple[float, float]:
        """Its mean and standard deviation over the seeds."""
        return mean_and_deviation(self.values(name))

    def cost(self, name: str) -> float:
        """The mean of a field of the result, such as parameters or seconds_per_epoch."""
        found = (getattr(run.result, name) for run in self.runs)
        return mean_and_deviation([value for value in found if known(value)])[0]


def settings(run: Run) -> dict[str, str]:
    """What was chosen: the option of each config group, and each value typed on the command line."""
    words = (str(word).lstrip("+~").partition("=") for word in run.result.overrides)
    typed = {key: value for key, sign, value in words if sign}
    return {str(key): str(value) for key, value in run.result.choices.items()} | typed


def axes(runs: Sequence[Run]) -> list[str]:
    """The keys that somebody typed and that differ between the runs, in the order of typing."""
    chosen = [settings(run) for run in runs]
    typed = dict.fromkeys(str(word).lstrip("+~").partition("=")[0] for run in runs for word in run.result.overrides)
    return [
        key
        for key in typed
        if key not in NOT_AN_AXIS
        and not key.startswith("hydra")
        and len({exact(one[key]) if key in one else None for one in chosen}) > 1
    ]


def number(text: str) -> float | None:
    """The number that Hydra would read (`1e-3`, `64`), or None."""
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def exact(text: str) -> str:
    """A value so that equal numbers read alike: 1e-3 and 0.001 are one."""
    value = number(text)
    return text if value is None else repr(value).removesuffix(".0")


def rounded(text: str) -> str:
    """A value as a person would write it, where a search draws 0.0012345678901234."""
    full = exact(text)
    return full if number(text) is None or len(full) <= LONGEST else f"{number(text):.4g}"


def name(run: Run, varying: Sequence[str], shown: Callable[[str], str] = rounded) -> str:
    """`resnet` where models are compared, `resnet, lr=0.1` where learning rates are as well."""
    chosen = settings(run)
    last = [key.rsplit(".", 1)[-1] for key in varying]
    parts = []
    for key, short in zip(varying, last, strict=True):
        if key in run.result.choices:  # the name of a file speaks for itself
            parts.append(chosen[key])
        elif key in chosen:
            parts.append(f"{short if last.count(short) == 1 else key}={shown(chosen[key])}")
    return ", ".join(parts) or run.result.model or run.result.task or run.folder.name


def replicates(
    runs: Sequence[Run], varying: Sequence[str], study: Mapping[Path, str] | None = None
) -> list[Alternative]:
    """Runs of the same name together. Of those with the same seed, one sample, only the last counts.

    `study` names the study of those runs (by folder) that are not to be mixed with others of the same name.
    """
    study = study or {}
    groups: dict[tuple[str, str | None], dict[object, Run]] = {}
    for run in sorted(runs, key=lambda run: run.result.started or ""):
        seeds = groups.setdefault((name(run, varying, exact), study.get(run.folder)), {})
        seeds[run.folder if run.result.seed is None else run.result.seed] = run
    found = []
    first = [next(iter(seeds.values())) for seeds in groups.values()]
    brief = [(name(run, varying), place) for run, (_, place) in zip(first, groups, strict=True)]
    for run, (full, place), short, seeds in zip(first, groups, brief, groups.values(), strict=True):
        label = short[0] if brief.count(short) == 1 else full
        chosen = settings(run)
        at = {key: exact(chosen[key]) for key in varying if key in chosen} | ({"study": place} if place else {})
        found.append(Alternative(f"{label} ({place})" if place else label, tuple(seeds.values()), at))
    return found
