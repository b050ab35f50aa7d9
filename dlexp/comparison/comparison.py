"""A study's folder in, its comparison out: what is best on each data set, by how much, and at what price."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from dlexp.comparison import tables
from dlexp.comparison.alternatives import axes, replicates
from dlexp.comparison.problems import Scale, problem, scale, varying_problem
from dlexp.comparison.ranking import Ranking, rank
from dlexp.comparison.verdict import verdict
from dlexp.errors import InputError
from dlexp.reporting import quantities
from dlexp.reporting.run_folder import PRUNED, Run, is_run, read_run
from dlexp.reporting.tables import as_text


@dataclass(frozen=True)
class Comparison:
    """What the job folders of a study, or of several, say together."""

    folder: Path
    runs: list[Run]
    rankings: list[Ranking]
    scales: list[Scale] = field(default_factory=list)
    studies: tuple[Path, ...] = ()  # those that are compared here, if several are

    @property
    def page(self) -> Path:
        """Where `write` puts it."""
        return self.folder / "comparison.html"

    @cached_property
    def finished(self) -> list[Run]:
        return list(filter(is_finished, self.runs))

    @cached_property
    def pruned(self) -> list[Run]:
        """The jobs that a search stopped early, as it should: no failures, but no results either."""
        return [run for run in self.runs if run.result.status == PRUNED]

    @cached_property
    def failed(self) -> list[Run]:
        """The other jobs that did not finish, for whatever reason."""
        return [run for run in self.runs if run.result.status not in ("finished", PRUNED)]

    @cached_property
    def table(self) -> str:
        """For the terminal: a table and a verdict for each data set."""
        parts = []
        for ranking in self.rankings:
            parts.append("\n".join([ranking.title, "", as_text(tables.brief(ranking)), "", *verdict(ranking)]))
        if self.pruned:
            parts.append(f"Pruned, as the search stopped them early: {len(self.pruned)} of {len(self.runs)} jobs")
        return "\n\n".join(parts)


def compare(folder: Path) -> Comparison:
    """Read the jobs of a study and rank them, writing nothing; `InputError` if there are none."""
    if not folder.is_dir():
        raise InputError(f"{folder} is not a folder: give that of a run or a study, as outputs/<study>")
    runs = [read_run(path) for path in run_folders(folder)]
    if not runs:
        raise InputError(f"{folder} holds no runs: in a study's folder lies a folder for each job")
    return Comparison(folder, runs, ranked(runs), scaled(runs))


def ranked(runs: Sequence[Run], study: Mapping[Path, str] | None = None) -> list[Ranking]:
    """A ranking of the finished runs for each problem; `study` as `replicates` takes it."""
    found = []
    for title, group in titled(runs):
        varying = varying_problem(group)
        parts: dict[tuple, list[Run]] = {}
        for run in group:
            parts.setdefault(tuple(run.result.problem.get(key) for key in varying), []).append(run)
        for values, part in sorted(parts.items()):
            alternatives = replicates(list(filter(is_finished, part)), axes(part), study)
            found.append(rank(problem(title, varying, values), alternatives))
    return found


def scaled(runs: Sequence[Run]) -> list[Scale]:
    """What there is to draw along a number that makes the problem another one."""
    scales = (
        scale(title, replicates(list(filter(is_finished, group)), axes(group)), varying_problem(group))
        for title, group in titled(runs)
    )
    return [one for one in scales if one.axes and one.ranking.judged]


def titled(runs: Sequence[Run]) -> Iterator[tuple[str, list[Run]]]:
    """Each data set and question of which a job has finished: what to call it, and its jobs."""
    groups = {key: group for key, group in by_question(runs).items() if any(map(is_finished, group))}
    many_questions = len({question for _, question in groups}) > 1
    for (data, question), group in sorted(groups.items()):
        asked = quantities.spoken(question) if "/" in question else question  # a measure or a task
        title = f"{asked}, {data}" if many_questions or not data else data
        yield title.strip(", ") or "All runs", group


def by_question(runs: Sequence[Run]) -> dict[tuple[str, str], list[Run]]:
    """Runs that can be compared, by data set and question: of one task, or of tasks that are judged by one measure.

    The measure is the metric that the best epoch is chosen by. A loss is none: each task has its own.
    """
    judged: dict[str, set[str]] = {}  # the tasks that each measure judges
    for run in runs:
        if run.result.monitor and not run.result.monitor.endswith("loss"):
            judged.setdefault(run.result.monitor, set()).add(run.result.task or "")
    shared = {measure for measure, tasks in judged.items() if len(tasks) > 1}
    groups: dict[tuple[str, str], list[Run]] = {}
    for run in runs:
        measure, task = run.result.monitor, run.result.task or ""
        groups.setdefault((run.result.data or "", measure if measure in shared else task), []).append(run)
    return groups


def is_finished(run: Run) -> bool:
    return run.result.status == "finished"


def run_folders(folder: Path) -> Iterator[Path]:
    """The folders of runs at any depth, in the order of their names; a run's own folders are not entered."""
    for entry in sorted(folder.iterdir()):
        if entry.is_dir() and not entry.name.startswith("."):
            if is_run(entry):
                yield entry
            else:
                yield from run_folders(entry)
