"""The alternatives on one data set in order, chosen by validation, and what can be told apart."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from dlexp.comparison import statistics
from dlexp.comparison.alternatives import Alternative
from dlexp.comparison.axes import Axis, axes_of
from dlexp.comparison.pairs import BETTER, Pair, Pairs
from dlexp.reporting import quantities

LONG_NAME = 28  # characters that a figure has room for


@dataclass(frozen=True)
class Ranking:
    """The alternatives on one data set, the best by the mean of the monitored metric first."""

    title: str
    monitor: str | None
    sign: int  # 1 where a larger monitored metric is better, else -1
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
    def pairs(self) -> Pairs:
        """Of the judged, on validation, in their order."""
        return Pairs(self.judged, self.monitor or "", self.sign)

    @cached_property
    def against_others(self) -> list[Pair]:
        """The first of the judged against the second, the third, …"""
        return [self.pairs.pair(0, other) for other in range(1, len(self.judged))]

    @cached_property
    def has_winner(self) -> bool:
        """Whether the first is better than each other one, beyond what seeds explain."""
        return bool(self.judged) and all(pair.outcome == BETTER for pair in self.against_others)

    @cached_property
    def axes(self) -> list[Axis]:
        """What was swept."""
        return axes_of(self.alternatives)

    @cached_property
    def labels(self) -> dict[str, str]:
        """What figures call each alternative: its name, or its place in the ranking where names are long."""
        names = [alternative.name for alternative in self.alternatives]
        if max(map(len, names)) <= LONG_NAME:
            return {name: name for name in names}
        return {name: f"#{place}" for place, name in enumerate(names, 1)}

    @cached_property
    def measures(self) -> list[str]:
        """Metrics of whole trainings, such as the steps that one took to solve its problem: not all may have them."""
        return self._present([m for a in self.alternatives for run in a.runs for m in run.result.measures])

    @cached_property
    def main_metrics(self) -> list[str]:
        """The monitored metric on validation and test, or the losses, as far as somebody has them."""
        wanted = (self.monitor, self.twin) if self.judged else ("val/loss", "test/loss")
        return self._present(wanted)

    @cached_property
    def other_metrics(self) -> list[str]:
        """The losses, others of the test split, or of the validation where nothing was tested, what was tuned."""
        names = list(dict.fromkeys(m for a in self.alternatives for run in a.runs for m in run.result.metrics))
        stage = "test/" if any(m.startswith("test/") for m in names) else "val/"
        others = [m for m in names if m.startswith((stage, "tune/"))]
        found = self._present(["val/loss", "test/loss", *others])
        return [metric for metric in found if metric not in (*self.main_metrics, *self.measures)]

    def _present(self, metrics: Sequence[str | None]) -> list[str]:
        return [m for m in dict.fromkeys(metrics) if m and any(a.values(m) for a in self.alternatives)]

    def test_interval(self, alternative: Alternative) -> tuple[float, float] | None:
        """The 95 % interval that the size of the test split leaves to its test accuracy; None of other metrics."""
        mean = alternative.metric(self.twin)[0] if self.twin else float("nan")
        sizes = {run.result.test_size for run in alternative.runs}
        if len(sizes) != 1 or not (self.twin or "").endswith("accuracy") or not 0 <= mean <= 1:
            return None
        (size,) = sizes
        return statistics.wilson(mean, size) if size else None


def test_twin(monitor: str) -> str:
    """`val/accuracy` was chosen by, `test/accuracy` is what it is worth."""
    return "test/" + monitor.split("/", 1)[-1]


def rank(title: str, alternatives: Sequence[Alternative]) -> Ranking:
    """The best first; those without the monitored metric come last."""
    monitor, sign = None, 1
    for alternative in alternatives:
        for run in alternative.runs:
            if run.result.monitor:
                monitor, sign = run.result.monitor, 1 if run.result.mode == "max" else -1

    def place(alternative: Alternative) -> tuple[float, str]:
        mean = alternative.metric(monitor)[0] if monitor else float("nan")
        return (-sign * mean if quantities.known(mean) else float("inf"), alternative.name)

    return Ranking(title, monitor, sign, tuple(sorted(alternatives, key=place)))
