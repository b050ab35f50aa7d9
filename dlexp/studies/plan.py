"""Before the first job of a study starts: all are composed, checked, and held against what lies in their folders."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from omegaconf import DictConfig, open_dict

from dlexp.composition.check import check
from dlexp.composition.nearest import nearest
from dlexp.errors import InputError
from dlexp.identity import changes, digest, plain
from dlexp.reporting.run_folder import Run, read_run
from dlexp.studies.composer import Composer
from dlexp.studies.manifest import Manifest, spoken

ON_CHANGE = ("refuse", "rerun")


@dataclass
class Planned:
    """A job, and what is to be done about it."""

    folder: Path
    number: int
    words: list[str]
    config: DictConfig | None = None  # with its node `hydra`; None if the job lies finished
    parts: dict[str, Any] | None = None  # the same resolved, in plain types, without paths and devices
    refusal: str | None = None  # why it is left alone
    changed: bool = False  # another config was run in its folder, which makes way

    @property
    def to_do(self) -> bool:
        return self.config is not None and self.refusal is None


def plan(
    composer: Composer, manifest: Manifest, study: Path, jobs: Sequence[Sequence[str]], first: int
) -> list[Planned]:
    """One for each of `jobs`, in their order. Nothing is written. InputError if a single one is not sound."""
    on_change = composer.master.on_change
    if on_change not in ON_CHANGE:
        raise InputError(
            f"on_change={on_change}: {nearest(str(on_change), ON_CHANGE).strip(' ()') or 'refuse or rerun'}"
        )
    planned: list[Planned | None] = [None] * len(jobs)
    order = sorted(new_words_first(jobs), key=lambda index: not composer.lacks_a_file(jobs[index]))
    for index in order:  # mistakes among the first
        words, number = list(jobs[index]), first + index
        planned[index] = finished(manifest, study, words, number) or compose(
            composer, manifest, study, words, number, on_change
        )
    return [job for job in planned if job]


def new_words_first(jobs: Sequence[Sequence[str]]) -> list[int]:
    """Indices of the jobs, first those with an override that none before has."""
    seen: set[str] = set()
    first, rest = [], []
    for index, words in enumerate(jobs):
        (rest if seen.issuperset(words) else first).append(index)
        seen.update(words)
    return first + rest


def finished(manifest: Manifest, study: Path, words: list[str], number: int) -> Planned | None:
    """The job, if the manifest and its result say that it is done: then nothing need be composed."""
    name = manifest.folders.get(spoken(words))
    run = look(study / name) if name else None
    if run and is_done(run) and run.result.config_hash == manifest.hashes.get(name):
        return Planned(study / name, number, words)
    return None


def compose(
    composer: Composer, manifest: Manifest, study: Path, words: list[str], number: int, on_change: str
) -> Planned:
    cfg = composer.compose(words)
    composer.rename(cfg, left_out=set(manifest.constants or ()))
    folder = study / str(cfg.hydra.sweep.subdir)
    task = cfg.copy()
    with open_dict(task):
        del task["hydra"]
        task.output_dir = str(folder)  # which only a running job knows otherwise
    check(task)
    parts = plain(task)
    manifest.folders[spoken(words)] = folder.name
    manifest.hashes[folder.name] = digest(parts)
    job = Planned(folder, number, words, cfg, parts)
    run = look(folder)
    if run is None or run.result.config_hash is None:
        return job
    if run.result.config_hash == manifest.hashes[folder.name]:
        return Planned(folder, number, words) if is_done(run) else job
    if not is_done(run) and run.last_checkpoint is None:
        return job  # nothing is lost
    job.changed = True
    if on_change == "refuse":
        job.refusal = (
            f"its config has changed since it was run ({changes(folder, task)}): on_change=rerun runs it again, "
            "another study=… keeps both"
        )
    return job


def look(folder: Path) -> Run | None:
    return read_run(folder) if (folder / "result.json").is_file() else None


def is_done(run: Run) -> bool:
    return run.result.status in ("finished", "pruned")


def make_way(job: Planned) -> None:
    """Clear the folder of a job whose other config is to be run again. InputError if a process is at work there."""
    if job.changed:
        try:
            with FileLock(job.folder / ".lock", timeout=0):
                shutil.rmtree(job.folder)
        except Timeout:
            raise InputError(f"another process is at work in {job.folder}: wait until it has ended") from None
