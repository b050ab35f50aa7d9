"""results.csv: every job of a study as one tidy row."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from dlexp.comparison.alternatives import settings
from dlexp.comparison.costs import COSTS
from dlexp.comparison.jobs import place
from dlexp.reporting.run_folder import Run

WHAT = ("folder", "status", "error", "task", "model", "data", "seed")
HOW = ("monitor", "mode", "best_epoch", "epochs", "seconds", *COSTS, "test_size")
WHERE = ("device", "precision", "started", "commit", "config_hash")


def as_csv(runs: Sequence[Run], folder: Path) -> str:
    """What each job of the study in `folder` is and chose, every metric, what it cost, where it ran."""
    fixed = (*WHAT, *HOW, *WHERE)
    chosen = dict.fromkeys(key for run in runs for key in settings(run) if key not in fixed)
    metrics = dict.fromkeys(name for run in runs for name in run.result.metrics)
    text = io.StringIO()
    writer = csv.DictWriter(text, [*WHAT, *chosen, *metrics, *HOW, *WHERE], lineterminator="\n")
    writer.writeheader()
    for run in runs:
        known = {name: getattr(run.result, name) for name in fixed if name != "folder"}
        where = {"folder": place(run, folder)}
        writer.writerow(settings(run) | run.result.metrics | known | where)
    return text.getvalue()
