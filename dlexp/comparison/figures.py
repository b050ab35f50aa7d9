"""The figures of one data set: the swept axes, overlaid curves, and what the monitored metric costs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from dlexp.comparison.alternatives import Alternative, number, rounded
from dlexp.comparison.axes import Axis, is_grid
from dlexp.comparison.costs import COSTS
from dlexp.comparison.pareto import pareto_front
from dlexp.comparison.problems import Scale
from dlexp.comparison.ranking import Ranking
from dlexp.reporting import plots, quantities
from dlexp.reporting.heat_map import heat_map
from dlexp.reporting.overlaid import MOST_BANDS, effort_curves, overlaid_curves, response_curves
from dlexp.reporting.profile import as_table, profile_figure
from dlexp.reporting.scatter import scatter
from dlexp.reporting.trade_off import MOST_NAMED, trade_off

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame, Series

MOST_DRAWN = MOST_NAMED  # alternatives in one figure, the best ones
MOST_RESPONSES = 6  # lines against a swept number
MOST_CELLS = 24  # rows or columns of a heat map
PRICES = {"parameters": "parameters", "flops": "FLOPs", "seconds_per_epoch": "training time an epoch"}


@dataclass(frozen=True)
class Drawing:
    """A figure, the name of its file, and what its caption adds to its title."""

    name: str
    figure: "Figure"
    caption: str = ""


def figures(ranking: Ranking) -> Iterator[Drawing]:
    """As far as there is something to draw; an alternative has the same colour in all that show it by name."""
    if ranking.judged:
        axes = ranking.axes
        yield from over_axes(ranking, axes) if is_grid(axes, ranking.judged) else over_trials(ranking, axes)
    yield from over_profiles(ranking)
    yield from over_epochs(ranking)
    yield from over_effort(ranking)
    yield from against_costs(ranking)


def over_axes(ranking: Ranking, axes: Sequence[Axis]) -> Iterator[Drawing]:
    """A grid: a heat map over two axes, a curve along each numeric one."""
    import pandas as pd

    name = ranking.monitor
    if len(axes) == 2 and all(len(axis.values) <= MOST_CELLS for axis in axes):
        y, x = sorted(axes, key=lambda axis: (axis.numeric, -len(axis.values)))
        cells = pd.DataFrame(index=y.values, columns=x.values, dtype=float)
        for alternative in ranking.judged:
            if x.key in alternative.settings and y.key in alternative.settings:
                place = alternative.settings[y.key], alternative.settings[x.key]
                cells.loc[place] = alternative.metric(name)[0]
        figure = heat_map(cells, name=name, x=x.key, y=y.key, sign=ranking.sign)
        yield Drawing(f"{name}_over_{x.key}_and_{y.key}", figure, "Mean over seeds; hatched: no finished job.")
    for axis in axes:
        if axis.numeric:
            yield from along_axis(ranking, axis)


def over_problems(scale: Scale) -> Iterator[Drawing]:
    """What becomes of each alternative as the problem grows."""
    for axis in scale.axes:
        yield from along_axis(scale.ranking, axis)


def along_axis(ranking: Ranking, axis: Axis) -> Iterator[Drawing]:
    """Curves against a number: measures, the monitored metric, and its twin where that has something to be held to."""
    for measure in ranking.measures:
        yield along(ranking, axis, measure)
    yield along(ranking, axis, ranking.monitor)
    if ranking.twin and yardsticks(ranking, axis, ranking.twin):
        yield along(ranking, axis, ranking.twin)


def along(ranking: Ranking, axis: Axis, name: str) -> Drawing:
    """The metric `name` against a swept number, beside it what was gathered in training and what it is held against."""
    split = quantities.spoken(name).partition(" ")[0]  # validation
    responses = _responses(ranking, axis, name, alone=split)
    shown = dict(list(responses.items())[:MOST_RESPONSES])
    gathered = f"train/eval_{name.partition('/')[2]}"
    trained = _responses(ranking, axis, gathered, alone=split) if name == ranking.monitor else {}
    figure = response_curves(
        shown,
        name=name,
        axis=axis.key,
        logarithmic=axis.logarithmic,
        trained={label: trained[label] for label in shown if label in trained},
        yardsticks=yardsticks(ranking, axis, name),
        absent=_absent(ranking, axis, name) if name in ranking.measures else {},
    )
    caption = _lines(len(shown), len(responses), several_seeds(ranking.judged))
    if name in ranking.measures:
        caption = f"{caption} {_without(ranking, name)}".strip()
    if trained:
        caption = f"{caption} Dashed: on training samples, without dropout and augmentation.".strip()
    return Drawing(f"{name}_over_{axis.key}", figure, caption)


def yardsticks(ranking: Ranking, axis: Axis, name: str) -> "dict[str, Series]":
    """What a metric is held against, along an axis: `test/mse_of_pca` beside `test/mse`, called PCA."""
    import pandas as pd

    found: dict[str, dict[float, list[float]]] = {}
    for alternative in ranking.judged:
        if axis.key in alternative.settings:
            for run in alternative.runs:
                for metric, value in run.result.metrics.items():
                    if metric.startswith(f"{name}_of_") and quantities.known(value):
                        line = found.setdefault(quantities.spoken(metric.removeprefix(f"{name}_of_")), {})
                        line.setdefault(number(alternative.settings[axis.key]), []).append(value)
    return {
        label: pd.Series({x: sum(values) / len(values) for x, values in line.items()}).sort_index()
        for label, line in found.items()
    }


def _responses(ranking: Ranking, axis: Axis, metric: str, *, alone: str) -> "dict[str, DataFrame]":
    """The metric, where jobs have it, for each combination of the other axes: numbers as rows, seeds as columns.

    The combination with the best point comes first; where there are no other axes it is called `alone`.
    """
    import pandas as pd

    lines: dict[str, dict[float, dict[int, float]]] = {}
    for alternative in ranking.judged:
        values = alternative.values(metric)
        if axis.key in alternative.settings and values:
            name = _rest(alternative, axis) or alone
            line = lines.setdefault(name, {})
            line[number(alternative.settings[axis.key])] = dict(enumerate(values))
    return {name: pd.DataFrame.from_dict(line, orient="index").sort_index() for name, line in lines.items()}


def _rest(alternative: Alternative, axis: Axis) -> str:
    """What it is on the other axes: `resnet, depth=18`."""
    others = {key: value for key, value in alternative.settings.items() if key != axis.key}
    short = ((key.rsplit(".", 1)[-1], value) for key, value in others.items())
    return ", ".join(value if number(value) is None else f"{key}={rounded(value)}" for key, value in short)


def over_trials(ranking: Ranking, axes: Sequence[Axis]) -> Iterator[Drawing]:
    """A search: every trial against each number that was drawn."""
    for axis in axes:
        trials = [a for a in ranking.judged if axis.key in a.settings]
        if axis.numeric and trials:
            figure = scatter(
                [number(a.settings[axis.key]) for a in trials],
                [a.metric(ranking.monitor)[0] for a in trials],
                name=ranking.monitor,
                axis=axis.key,
                logarithmic=axis.logarithmic or axis.over_decades,
                best=0,
            )
            yield Drawing(
                f"{ranking.monitor}_over_{axis.key}",
                figure,
                "A ring marks the best of these.",
            )


def over_epochs(ranking: Ranking) -> Iterator[Drawing]:
    """The validation loss and the monitored metric of the best alternatives."""
    import pandas as pd

    shown = ranking.alternatives[:MOST_DRAWN]
    for metric in dict.fromkeys(m for m in ("val/loss", ranking.monitor) if m):
        tables = {
            ranking.labels[a.name]: pd.concat([plots.by_epoch(run.history, metric) for run in a.runs], axis=1)
            for a in shown
        }
        if any(len(table) for table in tables.values()):
            caption = _lines(len(shown), len(ranking.alternatives), several_seeds(shown))
            baselines = plots.baselines([run.history for a in shown for run in a.runs], metric)
            yield Drawing(metric, overlaid_curves(tables, name=metric, baselines=baselines), caption)


def over_effort(ranking: Ranking) -> Iterator[Drawing]:
    """The validation loss of the best alternatives against steps and against seconds, where these tell apart."""
    import pandas as pd

    metric, shown = "val/loss", ranking.alternatives[:MOST_DRAWN]
    tables = {}
    for alternative in shown:
        losses = pd.concat([plots.by_epoch(run.history, metric) for run in alternative.runs], axis=1)  # epochs, seeds
        steps = pd.concat([plots.by_epoch(run.history, "step") for run in alternative.runs], axis=1).mean(axis=1)
        seconds = alternative.cost("seconds_per_epoch")
        if len(losses) > 1 and quantities.known(seconds):
            columns = {"steps": steps, "seconds": losses.index * seconds}
            table = pd.DataFrame(columns | {"mean": losses.mean(axis=1), "deviation": losses.std(axis=1)})
            tables[ranking.labels[alternative.name]] = table.dropna(subset=["steps", "mean"])
    if len(tables) > 1:
        several = several_seeds(shown)
        caption = f"{_lines(len(shown), len(ranking.alternatives), several)} Seconds: the median epoch's, times epochs."
        yield Drawing(f"{metric}_over_effort", effort_curves(tables, name=metric), caption.strip())


def against_costs(ranking: Ranking) -> Iterator[Drawing]:
    """The metric that the alternatives are judged by, on the test split if there is one, against each price."""
    import pandas as pd

    metric = next((m for m in (ranking.twin, ranking.monitor) if m in ranking.main_metrics), None)
    if metric is None:
        return
    for cost, axis in PRICES.items():
        points = pd.DataFrame(
            [(a.cost(cost), *a.metric(metric)) for a in ranking.alternatives],
            index=[ranking.labels[a.name] for a in ranking.alternatives],
            columns=["x", "y", "deviation"],
        )
        points["front"] = pareto_front(points.x, ranking.sign * points.y)
        if points.front.any():
            figure = trade_off(points, x=axis, y=metric, quantity=COSTS[cost][1])
            caption = "The front: nothing else is as good for less."
            if len(points) > MOST_NAMED:
                caption += " Grey: the others, at the border if they lie beyond it."
            yield Drawing(f"against_{cost}", figure, caption)


def over_profiles(ranking: Ranking) -> Iterator[Drawing]:
    """What the best alternatives found along a scale of their own, such as accuracy by length, laid together."""
    import pandas as pd

    shown = ranking.alternatives[:MOST_DRAWN]
    for name in dict.fromkeys(name for a in shown for run in a.runs for name in run.profiles):
        tables, profiles = {}, []
        for alternative in shown:  # one that has none keeps its place, and so the others their colours
            found = [run.profiles[name] for run in alternative.runs if name in run.profiles]
            columns = [as_table(profile) for profile in found] or [pd.DataFrame()]
            tables[ranking.labels[alternative.name]] = pd.concat(columns, axis=1).sort_index()
            profiles += found
        caption = _lines(len(shown), len(ranking.alternatives), several_seeds(shown))
        yield Drawing(name, profile_figure(profiles[0], tables), caption)


def _absent(ranking: Ranking, axis: Axis, measure: str) -> dict[str, list[float]]:
    """Where along the axis no job has the measure, for each line."""
    found: dict[str, list[float]] = {}
    for alternative in ranking.judged:
        if axis.key in alternative.settings and not alternative.values(measure):
            found.setdefault(_rest(alternative, axis), []).append(number(alternative.settings[axis.key]))
    return found


def _without(ranking: Ranking, measure: str) -> str:
    """How many jobs have no such number, which are those that a mean over seeds leaves out."""
    runs = [run for alternative in ranking.judged for run in alternative.runs]
    absent = sum(measure not in run.result.metrics for run in runs)
    said = f"{absent} of {len(runs)} jobs never got there and are in no mean; open triangles: none did."
    return said if absent else ""


def _lines(shown: int, count: int, several: bool) -> str:
    """What lines and bands are."""
    said = []
    if shown < count:
        said.append(f"The best {shown} of {count}.")
    if several:
        bands = f"bands (the best {MOST_BANDS})" if shown > MOST_BANDS else "bands"
        said.append(f"Mean over seeds; {bands}: ± one standard deviation.")
    return " ".join(said)


def several_seeds(alternatives: Sequence[Alternative]) -> bool:
    """Whether there is anything to take a mean of."""
    return any(len(alternative.runs) > 1 for alternative in alternatives)
