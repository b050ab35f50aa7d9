"""Who is best on one data set, chosen by validation, and how sure one can be of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from dlexp.reporting import quantities
from dlexp.reporting.run_folder import Run
from dlexp.studies import statistics
from dlexp.studies.alternatives import Alternative, replicates

SIGNIFICANT = 0.05


@dataclass(frozen=True)
class Ranking:
    """The alternatives on one data set, the best by the mean of the monitored metric first."""

    title: str
    monitor: str | None
    alternatives: tuple[Alternative, ...]

    @cached_property
    def twin(self) -> str | None:
        """The monitored metric on the test split."""
        return test_twin(self.monitor) if self.monitor else None

    @cached_property
    def judged(self) -> list[Alternative]:
        """Those that have the monitored metric."""
        return [a for a in self.alternatives if self.monitor and a.values(self.monitor)]

    @cached_property
    def p_value(self) -> float:
        """Of Welch's t-test between the best and the second, on validation, over seeds; NaN without one."""
        if len(self.judged) < 2:
            return float("nan")
        return statistics.welch(*(a.values(self.monitor) for a in self.judged[:2]))

    @cached_property
    def main_metrics(self) -> list[str]:
        """The monitored metric and the loss, on validation and test, as far as somebody has them."""
        wanted = [self.monitor, self.twin, "val/loss", "test/loss"]
        return [m for m in dict.fromkeys(wanted) if m and any(a.values(m) for a in self.alternatives)]

    @cached_property
    def other_metrics(self) -> list[str]:
        """Further ones of the test split, or of the validation where nothing was tested."""
        names = list(dict.fromkeys(m for a in self.alternatives for run in a.runs for m in run.result.metrics))
        stage = "test/" if any(m.startswith("test/") for m in names) else "val/"
        return [m for m in names if m.startswith(stage) and m not in self.main_metrics]


def test_twin(monitor: str) -> str:
    """`val/accuracy` was chosen by, `test/accuracy` is what it is worth."""
    return "test/" + monitor.split("/", 1)[-1]


def rank(title: str, runs: Sequence[Run], varying: Sequence[str]) -> Ranking:
    """Group finished runs into alternatives, best first; those without the monitored metric come last."""
    monitor, sign = None, 1
    for run in runs:
        if run.result.monitor:
            monitor, sign = run.result.monitor, -1 if run.result.mode == "max" else 1

    def place(alternative: Alternative) -> tuple[float, str]:
        mean = alternative.metric(monitor)[0] if monitor else float("nan")
        return (sign * mean if quantities.known(mean) else float("inf"), alternative.name)

    return Ranking(title, monitor, tuple(sorted(replicates(runs, varying), key=place)))


def verdict(ranking: Ranking) -> list[str]:
    """Sentences: the best by validation, its test result, and whether it can be told from the second."""
    if not ranking.judged:
        return ["No alternative can be called best: no finished job has a monitored metric."]
    best = ranking.judged[0]
    lines = [f"Best by {quantities.spoken(ranking.monitor)}: {best.name}, {_reached(best, ranking.monitor)}."]
    tested = best.values(ranking.twin) if ranking.twin != ranking.monitor else []
    if tested:
        lines.append(f"Its {quantities.spoken(ranking.twin)}: {_reached(best, ranking.twin)}.")
    lines.append(_against_second(ranking))
    size = best.runs[0].result.test_size
    if len(tested) == 1 and size and ranking.twin.endswith("accuracy") and 0 <= tested[0] <= 1:
        low, high = (quantities.metric(ranking.twin, bound) for bound in statistics.wilson(tested[0], size))
        lines.append(f"With {size:,} test samples, the 95 % interval of that test result is {low} to {high} (Wilson).")
    return lines


def certainty(ranking: Ranking) -> str:
    """The same in two words, for a table."""
    if len(ranking.judged) < 2:
        return "no second"
    if min(len(a.values(ranking.monitor)) for a in ranking.judged[:2]) < 2:
        return "one seed cannot decide"
    if quantities.known(ranking.p_value) and ranking.p_value < SIGNIFICANT:
        return f"better ({_tested(ranking)})"
    return f"not distinguishable ({_tested(ranking)})"


def _reached(alternative: Alternative, metric: str) -> str:
    seeds = len(alternative.values(metric))
    value = quantities.metric(metric, *alternative.metric(metric))
    return f"{value} over {seeds} seeds" if seeds > 1 else value


def _against_second(ranking: Ranking) -> str:
    if len(ranking.judged) < 2:
        return "There is no second alternative to hold it against."
    best, second = ranking.judged[:2]
    follows = f"{second.name}, which comes second with {_reached(second, ranking.monitor)}"
    if min(len(a.values(ranking.monitor)) for a in (best, second)) < 2:
        return f"One seed cannot decide between it and {follows}; several can: seed=0,1,2."
    if quantities.known(ranking.p_value) and ranking.p_value < SIGNIFICANT:
        return f"By Welch's t-test on validation it is better ({_tested(ranking)}) than {follows}."
    return f"By Welch's t-test on validation it is not distinguishable ({_tested(ranking)}) from {follows}."


def _tested(ranking: Ranking) -> str:
    """p=0.034, n=3"""
    sizes = list(dict.fromkeys(len(a.values(ranking.monitor)) for a in ranking.judged[:2]))
    n = f"n={' and '.join(map(str, sizes))}"
    if not quantities.known(ranking.p_value):
        return f"the seeds of neither vary, {n}"
    return f"p={ranking.p_value:.2g}, {n}" if ranking.p_value >= 0.001 else f"p<0.001, {n}"
