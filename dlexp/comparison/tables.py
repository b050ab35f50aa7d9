"""The tables of alternatives, of one data set and of all."""

from collections.abc import Sequence

from dlexp.comparison.alternatives import number, rounded
from dlexp.comparison.costs import COSTS
from dlexp.comparison.ranking import Ranking
from dlexp.comparison.statistics import interval_of_mean
from dlexp.comparison.verdict import certainty
from dlexp.reporting import quantities
from dlexp.reporting.tables import Cell, Table

FOLDED = ("throughput", "peak_memory")  # costs that the main table has no room for

Column = tuple[str, list[Cell]]  # its heading, and a cell for each alternative


def brief(ranking: Ranking) -> Table:
    """For a terminal."""
    columns = [_metric(ranking, metric) for metric in (*ranking.main_metrics, *ranking.measures)]
    costs = [_cost(ranking, cost) for cost in ("parameters", "seconds_per_epoch")]
    return _by_alternative(ranking, [_seeds(ranking), *columns, *costs])


def main_table(ranking: Ranking) -> Table:
    """What one compares: the metric with its intervals, and the prices."""
    columns = [_seeds(ranking)]
    for metric in ranking.main_metrics:
        columns += [_metric(ranking, metric), _interval_of_mean(ranking, metric)]
    columns += [
        _interval_of_split(ranking),
        *(_metric(ranking, measure) for measure in ranking.measures),
        *(_cost(ranking, cost) for cost in COSTS if cost not in FOLDED),
    ]
    return _by_alternative(ranking, columns)


def under_main_table(ranking: Ranking) -> str:
    """What its numbers are: two intervals stand side by side there, of two different things."""
    said = []
    several = any(len(a.runs) > 1 for a in ranking.alternatives)
    if several:
        said.append(
            "± is one standard deviation over seeds. 95 % of the mean (Student's t): what more seeds could make of it, "
            "on these same samples."
        )
    if any(ranking.test_interval(a) for a in ranking.alternatives):
        said.append(
            "95 % of the test split (Wilson): how far another split of the same size could move the result"
            + (", however many seeds there are. Neither interval contains the other." if several else ".")
        )
    return " ".join([*said, "FLOPs of one sample's forward pass; time of training alone."])


def more_table(ranking: Ranking) -> Table:
    """The rest: what was set, further metrics, further costs."""
    axes = ranking.axes if len(ranking.axes) > 1 else []
    columns = [
        (axis.key, [_setting(a.settings.get(axis.key), axis.numeric) for a in ranking.alternatives]) for axis in axes
    ]
    columns += [_metric(ranking, metric) for metric in ranking.other_metrics]
    columns += [_cost(ranking, cost) for cost in FOLDED]
    names = [Cell(ranking.labels[a.name], note=a.name) for a in ranking.alternatives]
    return _with_names(names, columns)


def _by_alternative(ranking: Ranking, columns: Sequence[Column]) -> Table:
    labels = [ranking.labels[a.name] for a in ranking.alternatives]
    pairs = zip(ranking.alternatives, labels, strict=True)
    return _with_names([Cell(a.name if a.name == label else f"{label} {a.name}") for a, label in pairs], columns)


def _with_names(names: Sequence[Cell], columns: Sequence[Column]) -> Table:
    rows = [list(row) for row in zip(names, *(cells for _, cells in columns), strict=True)]
    return Table(["alternative", *(heading for heading, _ in columns)], rows).without_empty_columns(quantities.ABSENT)


def _seeds(ranking: Ranking) -> Column:
    return "seeds", [Cell(str(len(a.runs)), len(a.runs)) for a in ranking.alternatives]


def _metric(ranking: Ranking, name: str) -> Column:
    cells = []
    for alternative in ranking.alternatives:
        mean, deviation = alternative.metric(name)
        count, runs = len(alternative.values(name)), len(alternative.runs)
        some = f" ({count} of {runs})" if name in ranking.measures and 0 < count < runs else ""
        cells.append(Cell(quantities.metric(name, mean, deviation) + some, mean))
    return quantities.spoken(name), cells


def _cost(ranking: Ranking, name: str) -> Column:
    heading, shown = COSTS[name]
    found = [a.cost(name) for a in ranking.alternatives]
    return heading, [Cell(shown(one), one) for one in found]


def _interval_of_mean(ranking: Ranking, metric: str) -> Column:
    found = [interval_of_mean(a.values(metric)) for a in ranking.alternatives]
    return "95 % of the mean", [Cell(quantities.interval(metric, *one), one[0]) for one in found]


def _interval_of_split(ranking: Ranking) -> Column:
    found = [ranking.test_interval(a) or (float("nan"), float("nan")) for a in ranking.alternatives]
    return "95 % of test split", [Cell(quantities.interval(ranking.twin or "", *one), one[0]) for one in found]


def _setting(value: str | None, numeric: bool) -> Cell:
    if value is None:
        return Cell(quantities.ABSENT)
    return Cell(rounded(value), number(value) if numeric else None, note=value)


def summary(rankings: Sequence[Ranking]) -> Table:
    """The first alternative of each data set, and whether it wins."""
    rows = []
    for ranking in rankings:
        for first in ranking.judged[:1]:
            found = [(m, *first.metric(m)) for m in (ranking.monitor, ranking.twin)]
            cells = [Cell(quantities.metric(*one), one[1]) for one in found]
            split = ranking.test_interval(first) or (float("nan"), float("nan"))
            interval = Cell(quantities.interval(ranking.twin, *split), split[0])
            rows.append([Cell(ranking.title), Cell(first.name), *cells, interval, Cell(certainty(ranking))])
    headings = ["data set", "first by validation", "validation", "test", "95 % of test split", "against the others"]
    return Table(headings, rows).without_empty_columns(quantities.ABSENT)
