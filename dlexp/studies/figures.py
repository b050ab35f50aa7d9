"""The figures of one data set: overlaid curves, and what the monitored metric costs."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from dlexp.reporting import plots
from dlexp.studies.costs import COSTS
from dlexp.studies.ranking import Ranking

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_DRAWN = 12  # alternatives in one figure, the best ones


def figures(ranking: Ranking) -> "Iterator[tuple[str, Figure]]":
    """(name, figure), as far as there is something to draw; an alternative has the same colour in each."""
    import pandas as pd

    shown = ranking.alternatives[:MOST_DRAWN]
    for metric in dict.fromkeys(m for m in ("val/loss", ranking.monitor) if m):
        tables = {a.name: pd.concat([plots.by_epoch(run.history, metric) for run in a.runs], axis=1) for a in shown}
        if any(len(table) for table in tables.values()):
            yield metric.replace("/", "_"), plots.overlaid_curves(tables, name=metric)

    judged_by = next((m for m in (ranking.twin, ranking.monitor) if m in ranking.main_metrics), None)
    if judged_by is None:
        return
    for cost, axis in (("parameters", "parameters"), ("seconds_per_epoch", "training time an epoch")):
        points = pd.DataFrame(
            [(a.cost(cost), *a.metric(judged_by)) for a in shown],
            index=[a.name for a in shown],
            columns=["x", "y", "deviation"],
        )
        if len(points.dropna(subset=["x", "y"])):
            yield f"against_{cost}", plots.trade_off(points, x=axis, y=judged_by, quantity=COSTS[cost][1])
