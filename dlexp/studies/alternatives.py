"""Which jobs of a study are replicates of one another, and what to call what they replicate."""

from collections.abc import Sequence
from dataclasses import dataclass

from dlexp.reporting.quantities import known
from dlexp.reporting.run_folder import Run
from dlexp.studies.statistics import mean_and_deviation

NOT_AN_AXIS = ("seed", "data", "task", "study", "ckpt")  # replicates, tables of their own, and mere places


@dataclass(frozen=True)
class Alternative:
    """Finished runs that differ only in seed."""

    name: str
    runs: tuple[Run, ...]

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
        if key not in NOT_AN_AXIS and not key.startswith("hydra") and len({one.get(key) for one in chosen}) > 1
    ]


def name(run: Run, varying: Sequence[str]) -> str:
    """`resnet` where models are compared, `resnet, lr=0.1` where learning rates are as well."""
    chosen = settings(run)
    last = [key.rsplit(".", 1)[-1] for key in varying]
    parts = []
    for key, short in zip(varying, last, strict=True):
        if key in run.result.choices:  # the name of a file speaks for itself
            parts.append(chosen[key])
        elif key in chosen:
            parts.append(f"{short if last.count(short) == 1 else key}={chosen[key]}")
    return ", ".join(parts) or run.result.model or run.result.task or run.folder.name


def replicates(runs: Sequence[Run], varying: Sequence[str]) -> list[Alternative]:
    """Runs of the same name together. Of those with the same seed, one sample, only the last counts."""
    named: dict[str, dict[object, Run]] = {}
    for run in sorted(runs, key=lambda run: run.result.started or ""):
        seeds = named.setdefault(name(run, varying), {})
        seeds[run.folder if run.result.seed is None else run.result.seed] = run
    return [Alternative(name=label, runs=tuple(seeds.values())) for label, seeds in named.items()]
