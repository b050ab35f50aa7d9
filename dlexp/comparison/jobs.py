"""The jobs of a comparison as tables: every one, and those that did not finish."""

import os
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from dlexp.comparison.ranking import test_twin
from dlexp.reporting import pages, quantities
from dlexp.reporting.run_folder import Run
from dlexp.reporting.tables import Cell, Table


def place(run: Run, folder: Path) -> str:
    """Where the job lies, seen from the folder of the comparison; `../` leads to another study."""
    return os.path.relpath(run.folder, folder)


def link(page: Path, folder: Path) -> str:
    """The address of a page for one in `folder`."""
    return quote(os.path.relpath(page, folder))


def failures(runs: Sequence[Run], folder: Path) -> Table:
    """The jobs that did not finish, why, and where to read on."""
    rows = []
    for run in runs:
        reason = f"{run.result.status}: {run.result.error}" if run.result.error else run.result.status
        texts = (place(run, folder), reason, pages.shown(run.log or run.folder))
        rows.append([Cell(text) for text in texts])
    return Table(["job", "reason", "read on in"], rows)


def every_job(runs: Sequence[Run], folder: Path) -> Table:
    """All of them, with a link to its own report if there is one."""
    rows = []
    for run in runs:
        path = place(run, folder)
        page = run.folder / "report.html"
        row = [Cell(path, link=link(page, folder) if page.is_file() else None), Cell(run.result.status)]
        if run.result.monitor:
            for metric in (run.result.monitor, test_twin(run.result.monitor)):
                value = run.result.metrics.get(metric)
                row.append(Cell(quantities.metric(metric, value), value))
        else:
            row += [Cell(quantities.ABSENT)] * 2
        rows.append([*row, Cell(quantities.seconds(run.result.seconds), run.result.seconds)])
    return Table(["job", "status", "validation", "test", "time in all"], rows)
