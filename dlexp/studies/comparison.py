"""A study's folder in, its comparison out: who is best on each data set, by how much, and at what price."""

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import quote

from dlexp.errors import InputError
from dlexp.reporting import pages, plots, quantities, style
from dlexp.reporting.atomic import write_bytes, write_text
from dlexp.reporting.run_folder import Run, is_run, read_run
from dlexp.reporting.tables import Cell, Table, as_text
from dlexp.studies import alternatives
from dlexp.studies.costs import COSTS
from dlexp.studies.figures import MOST_DRAWN, figures
from dlexp.studies.ranking import Ranking, certainty, rank, test_twin, verdict
from dlexp.studies.results import as_csv


@dataclass(frozen=True)
class Comparison:
    """What the job folders of a study say together."""

    folder: Path
    runs: list[Run]
    rankings: list[Ranking]

    @property
    def page(self) -> Path:
        """Where `write_comparison` puts it."""
        return self.folder / "comparison.html"

    @cached_property
    def failed(self) -> list[Run]:
        """The jobs that did not finish, for whatever reason."""
        return [run for run in self.runs if run.result.status != "finished"]

    @cached_property
    def table(self) -> str:
        """For the terminal: a table and a verdict for each data set, then what did not finish and why."""
        parts = []
        for ranking in self.rankings:
            short = as_text(table(ranking, [*ranking.main_metrics[:2], "parameters", "seconds_per_epoch"]))
            parts.append("\n".join([ranking.title, "", short, "", *verdict(ranking)]))
        if self.failed:
            parts.append(f"Not finished\n\n{as_text(failures(self))}")
        return "\n\n".join(parts)


def write_comparison(folder: Path) -> Comparison:
    """Write results.csv, comparison.md, comparison.html and figures/ into the folder of a study."""
    comparison = compare(folder)
    write_text(folder / "results.csv", as_csv(comparison.runs, folder))
    context = {
        "comparison": comparison,
        "title": folder.resolve().name,
        "folder": pages.shown(folder),
        "command": command(folder),
        "summary": summary(comparison),
        "sections": [section(ranking, folder) for ranking in comparison.rankings],
        "failures": failures(comparison),
        "jobs": jobs(comparison),
    }
    write_text(folder / "comparison.md", pages.render("comparison.md", **context))
    write_text(comparison.page, pages.render("comparison.html", **context))
    return comparison


def compare(folder: Path) -> Comparison:
    """Read the jobs of a study and rank them, writing nothing; `InputError` if there are none."""
    if not folder.is_dir():
        raise InputError(f"{folder} is not a folder: give that of a run or a study, as outputs/<study>")
    runs = [read_run(path) for path in run_folders(folder)]
    if not runs:
        raise InputError(f"{folder} holds no runs: in a study's folder lies a folder for each job")
    groups: dict[tuple[str, str], list[Run]] = {}
    for run in runs:
        if run.result.status == "finished":
            groups.setdefault((run.result.data or "", run.result.task or ""), []).append(run)
    many_tasks = len({task for _, task in groups}) > 1
    varying = alternatives.axes(runs)
    rankings = []
    for (data, task), group in sorted(groups.items()):
        title = f"{task}, {data}" if many_tasks or not data else data
        rankings.append(rank(title.strip(", ") or "All runs", group, varying))
    return Comparison(folder=folder, runs=runs, rankings=rankings)


def run_folders(folder: Path) -> Iterator[Path]:
    """The folders of runs at any depth, in the order of their names; a run's own folders are not entered."""
    for entry in sorted(folder.iterdir()):
        if entry.is_dir() and not entry.name.startswith("."):
            if is_run(entry):
                yield entry
            else:
                yield from run_folders(entry)


def table(ranking: Ranking, columns: Sequence[str]) -> Table:
    """A row for each alternative; `columns` are metrics (`test/accuracy`) and costs (`parameters`)."""
    headings = [COSTS[column][0] if column in COSTS else quantities.spoken(column) for column in columns]
    rows = []
    for alternative in ranking.alternatives:
        row = [Cell(alternative.name), Cell(str(len(alternative.runs)), len(alternative.runs))]
        for column in columns:
            if column in COSTS:
                number = alternative.cost(column)
                row.append(Cell(COSTS[column][1](number), number))
            else:
                number, deviation = alternative.metric(column)
                row.append(Cell(quantities.metric(column, number, deviation), number))
        rows.append(row)
    return Table(["alternative", "seeds", *headings], rows).without_empty_columns(quantities.ABSENT)


def summary(comparison: Comparison) -> Table:
    """The best alternative of each data set."""
    rows = []
    for ranking in comparison.rankings:
        for best in ranking.judged[:1]:
            cells = [
                Cell(quantities.metric(m, *best.metric(m)), best.metric(m)[0]) for m in (ranking.monitor, ranking.twin)
            ]
            rows.append([Cell(ranking.title), Cell(best.name), *cells, Cell(certainty(ranking))])
    return Table(["data set", "best by validation", "validation", "test", "against the second"], rows)


def section(ranking: Ranking, folder: Path) -> dict[str, Any]:
    """What the pages say of one data set. Its figures are written to figures/ on the way."""
    slug = re.sub(r"\W+", "_", ranking.title).strip("_")
    drawn, files = [], []
    for kind, figure in figures(ranking):
        path = folder / "figures" / f"{slug}_{kind}.png"
        write_bytes(path, style.png(figure))
        files.append((pages.words(path.stem), path.name))
        drawn.append(pages.inline_svg(figure, pages.words(path.stem)))
    count = min(len(ranking.alternatives), MOST_DRAWN)
    return {
        "title": ranking.title,
        "verdict": verdict(ranking),
        "table": table(ranking, [*ranking.main_metrics, *COSTS]),
        "more": table(ranking, ranking.other_metrics),
        "colours": [look["color"] for look in plots.LOOKS[:count]],
        "drawn": drawn,
        "files": files,
        "left_out": len(ranking.alternatives) - count,
        "seeds": max(len(alternative.runs) for alternative in ranking.alternatives),
    }


def failures(comparison: Comparison) -> Table:
    """The jobs that did not finish, why, and where to read on."""
    rows = []
    for run in comparison.failed:
        reason = f"{run.result.status}: {run.result.error}" if run.result.error else run.result.status
        texts = (run.folder.relative_to(comparison.folder), reason, pages.shown(run.log or run.folder))
        rows.append([Cell(str(text)) for text in texts])
    return Table(["job", "reason", "read on in"], rows)


def jobs(comparison: Comparison) -> Table:
    """Every job, with a link to its own report if there is one."""
    rows = []
    for run in comparison.runs:
        path = run.folder.relative_to(comparison.folder)
        link = quote(f"{path}/report.html") if (run.folder / "report.html").is_file() else None
        row = [Cell(str(path), link=link), Cell(run.result.status)]
        if run.result.monitor:
            for metric in (run.result.monitor, test_twin(run.result.monitor)):
                value = run.result.metrics.get(metric)
                row.append(Cell(quantities.metric(metric, value), value))
        else:
            row += [Cell(quantities.ABSENT)] * 2
        rows.append([*row, Cell(quantities.seconds(run.result.seconds), run.result.seconds)])
    return Table(["job", "status", "validation", "test", "time in all"], rows)


def command(folder: Path) -> str | None:
    """What started the study, from the multirun.yaml that Hydra leaves; None if it is not there."""
    import yaml

    try:
        config = yaml.safe_load((folder / "multirun.yaml").read_text(encoding="utf-8"))
        typed = config["hydra"]["overrides"]["task"]
        return shlex.join(["python", "-m", "dlexp", *map(str, typed), "-m"])
    except (OSError, ValueError, yaml.YAMLError, KeyError, TypeError):
        return None
