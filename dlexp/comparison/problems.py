"""Numbers that make a problem another one, as the length of what is to be remembered: what is compared along them."""

from collections.abc import Sequence
from dataclasses import dataclass

from dlexp.comparison.alternatives import Alternative
from dlexp.comparison.axes import Axis
from dlexp.comparison.ranking import Ranking, rank
from dlexp.reporting.run_folder import Run


@dataclass(frozen=True)
class Scale:
    """All problems of a data set together, to be drawn along `axes`. Who is best over all of them means nothing."""

    ranking: Ranking
    axes: tuple[Axis, ...]  # the numeric ones among the keys of the problem


def varying_problem(runs: Sequence[Run]) -> list[str]:
    """The keys of the problem in which the runs differ, if all say what they have set."""
    keys = dict.fromkeys(key for run in runs for key in run.result.problem)
    known = [key for key in keys if all(isinstance(run.result.problem.get(key), int | float) for run in runs)]
    return [key for key in known if len({run.result.problem[key] for run in runs}) > 1]


def problem(title: str, keys: Sequence[str], values: Sequence[float]) -> str:
    """`adding, length 200`."""
    named = (f"{key.rpartition('.')[2]} {value:g}" for key, value in zip(keys, values, strict=True))
    return ", ".join([title, *named])


def scale(title: str, alternatives: Sequence[Alternative], keys: Sequence[str]) -> Scale:
    ranking = rank(title, alternatives)
    return Scale(ranking, tuple(axis for axis in ranking.axes if axis.key in keys and axis.numeric))
