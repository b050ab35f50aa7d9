"""A run's folder, read back where not all may be there: what is missing or broken is None or empty."""

import json
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from dlexp.errors import InputError
from dlexp.reporting.profile import Profile, kept

if TYPE_CHECKING:
    from pandas import DataFrame

PRUNED = "pruned"  # status of a job that a search stopped early, as it should
MISSING = "missing"  # status of a folder that has .hydra but no result.json


@dataclass(frozen=True)
class Result:
    """What result.json says; a key that is absent or of another type keeps its default."""

    status: str = "unknown"  # running, finished, failed, interrupted, pruned
    error: str | None = None  # one line
    task: str | None = None
    model: str | None = None
    data: str | None = None
    problem: dict = field(default_factory=dict)  # keys that make it another problem: {"data.length": 200}
    choices: dict = field(default_factory=dict)  # {config group: chosen file}
    overrides: list = field(default_factory=list)  # what the command line said, as typed
    metrics: dict = field(default_factory=dict)  # {"test/accuracy": 0.98}
    measures: list = field(default_factory=list)  # those metrics that are of the whole training, as steps to solve
    monitor: str | None = None  # the metric that chose the best epoch, and its direction:
    mode: str = "max"  # max or min
    best_epoch: int | None = None  # counted from 0, as the column `epoch` of metrics.csv
    epochs: int | None = None
    seconds: int | float | None = None
    seconds_per_epoch: int | float | None = None  # the training part, median over epochs
    throughput: int | float | None = None  # samples a second while training
    parameters: int | float | None = None
    flops: int | float | None = None  # forward pass of one sample; a multiply-add is 2
    peak_memory: int | float | None = None  # bytes
    seed: int | None = None
    device: str | None = None
    precision: str | None = None
    versions: dict = field(default_factory=dict)
    commit: str | None = None
    config_hash: str | None = None
    started: str | None = None
    test_size: int | None = None
    classes: list = field(default_factory=list)
    input_shape: list = field(default_factory=list)  # of a sample: (C, H, W) of an image
    abilities: list = field(
        default_factory=list
    )  # to be asked: generate (images), write (text), answer (words), reconstruct
    judge: dict = field(default_factory=dict)  # the classifier that judged its samples: run, commit, accuracy, …
    notes: list = field(default_factory=list)  # sentences without which the metrics would be misread


@dataclass(frozen=True)
class Run:
    """A folder and its result; everything else is read when asked for."""

    folder: Path
    result: Result

    @cached_property
    def history(self) -> "DataFrame":
        """metrics.csv as numbers, with a column `epoch`; no rows where nothing was logged."""
        import pandas as pd

        try:
            # A run that was killed may leave half a line.
            table = pd.read_csv(self.folder / "metrics.csv", on_bad_lines="skip", encoding_errors="replace")
        except (OSError, pd.errors.EmptyDataError, pd.errors.ParserError):
            table = pd.DataFrame()
        if "epoch" not in table:
            return pd.DataFrame({"step": [], "epoch": []}, dtype=float)
        return table.apply(pd.to_numeric, errors="coerce")

    @cached_property
    def config(self) -> str:
        """The composed config as Hydra wrote it, or nothing."""
        path = self.folder / ".hydra" / "config.yaml"
        return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""

    @cached_property
    def figures(self) -> list[Path]:
        """The pictures and films in figures/, by name."""
        return sorted(path for path in (self.folder / "figures").glob("*") if path.suffix in (".png", ".gif"))

    @cached_property
    def profiles(self) -> "dict[str, Profile]":
        """What it found along a scale, by name."""
        return kept(self.folder)

    @cached_property
    def log(self) -> Path | None:
        """What was said last: the traceback that a failure left, else the log that Hydra keeps."""
        found = [self.folder / "error.log", *sorted(self.folder.glob("*.log"))]
        return next((path for path in found if path.is_file()), None)

    @cached_property
    def last_checkpoint(self) -> Path | None:
        """The checkpoint from which the run can go on."""
        path = self.folder / "checkpoints" / "last.ckpt"
        return path if path.is_file() else None


def is_run(folder: Path) -> bool:
    """Whether a run left this folder, however far it came."""
    return (folder / "result.json").is_file() or (folder / ".hydra").is_dir()


def read_run(folder: Path) -> Run:
    """Read the folder of one run; `InputError` where there is no such folder or no run left it."""
    if not folder.is_dir():
        raise InputError(f"{folder} is not a folder: give the folder of a run, such as outputs/<task>/<time>")
    if not is_run(folder):
        raise InputError(f"{folder} is not a run's folder: it has neither result.json nor .hydra/")
    return Run(folder=folder, result=_read_result(folder))


def _read_result(folder: Path) -> Result:
    """A broken result.json is a result as well: one whose error says so."""
    try:
        content = json.loads((folder / "result.json").read_text(encoding="utf-8"))
        if not isinstance(content, dict):
            raise ValueError("it holds no mapping")
    except FileNotFoundError:
        error = "the job never began, or was killed before it could write result.json"
        return Result(status=MISSING, error=error)
    except (OSError, ValueError) as problem:
        return Result(status="unknown", error=f"result.json cannot be read: {' '.join(str(problem).split())}")
    known = {f.name: content[f.name] for f in fields(Result) if isinstance(content.get(f.name, ...), f.type)}
    known["metrics"] = {
        str(name): float(value)
        for name, value in known.get("metrics", {}).items()
        if isinstance(value, int | float) and not isinstance(value, bool)
    }
    return Result(**known)
