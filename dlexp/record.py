"""result.json of one run: written when it starts, whenever its state changes, and when it ends, however it ends."""

import json
import os
import platform
import subprocess
import sys
import time
import traceback
from datetime import datetime
from importlib import metadata
from pathlib import Path
from types import TracebackType
from typing import Any

from filelock import FileLock, Timeout
from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf

from dlexp.composition.explain import explain
from dlexp.errors import InputError, Interrupted, OutOfTime, Pruned
from dlexp.identity import changes, config_hash
from dlexp.reporting.atomic import write_text
from dlexp.reporting.pages import commands, write_report
from dlexp.reporting.run_folder import read_run

PACKAGES = ("dlexp", "torch", "lightning", "torchmetrics", "hydra-core", "numpy")
RANKS = ("RANK", "LOCAL_RANK", "SLURM_PROCID")  # one of which whatever starts the other ranks of a run has set
PATIENCE = 10  # seconds in which a process that was told to stop has usually left the folder


class Record:
    """A context around one run, which no other process can enter meanwhile.

    As part of a study it takes note of a failure and lets the next job begin.
    """

    def __init__(self, cfg: DictConfig) -> None:
        hydra = HydraConfig.get()
        self.cfg = cfg
        self.folder = Path(hydra.runtime.output_dir)
        self.path = self.folder / "result.json"
        self.in_study = hydra.mode == RunMode.MULTIRUN
        self.leads = all(os.environ.get(name, "0") == "0" for name in RANKS)
        self.lock = FileLock(self.folder / ".lock")
        self.clock = time.perf_counter()
        self.checkpoint: Path | None = None  # to go on from
        self.spent = 0.0  # seconds, before it
        self.finished = False
        choices = {k: v for k, v in hydra.runtime.choices.items() if v and not k.startswith("hydra/")}
        self.result: dict[str, Any] = {
            "status": "running",
            "task": choices.get("task"),
            "model": choices.get("model"),
            "data": choices.get("data"),
            "choices": choices,
            "overrides": OmegaConf.to_container(hydra.overrides.task),
            "metrics": {},
            "error": None,
            "seconds": 0.0,
            "seed": cfg.seed,
            "started": datetime.now().astimezone().isoformat(timespec="seconds"),
            "config_hash": config_hash(cfg),
            "commit": commit(),
            "versions": {"python": platform.python_version()} | {name: version(name) for name in PACKAGES},
        }

    def look_back(self) -> None:
        """At what lies in the folder: is it this very run, how far did it come? InputError if it is another one."""
        if not self.path.exists():
            return
        before = read_run(self.folder)
        done = before.result.status in ("finished", "pruned")
        if before.result.config_hash == self.result["config_hash"]:
            self.finished = done
            if self.in_study and not done and before.last_checkpoint and "fit" in self.cfg.stages:
                self.checkpoint = before.last_checkpoint
                self.spent = before.result.seconds or 0.0
        elif done or before.last_checkpoint:
            raise InputError(changed(self.folder, self.cfg))

    def resumed(self) -> DictConfig:
        """The config; in a study it goes on from the checkpoint that an earlier attempt has left."""
        cfg = self.cfg.copy()
        if self.checkpoint:
            cfg.ckpt = str(self.checkpoint)
        return cfg

    def add(self, **facts: Any) -> None:
        self.result |= facts
        self.save()

    def save(self) -> None:
        self.result["seconds"] = round(self.spent + time.perf_counter() - self.clock, 3)
        if self.leads:
            write_text(self.path, json.dumps(self.result, indent=2) + "\n")

    def __enter__(self) -> "Record":
        if not self.leads:
            return self
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.lock.acquire(timeout=PATIENCE)
        except Timeout:
            raise InputError(f"another process is at work in {self.folder}: wait until it has ended") from None
        try:
            self.look_back()
        except BaseException:
            self.lock.release()
            raise
        if self.finished:
            print(f"already finished: {self.folder}")
        else:
            (self.folder / "error.log").unlink(missing_ok=True)
            self.save()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        try:
            return self.leads and not self.finished and error is not None and self.end(error)
        finally:
            self.lock.release()

    def end(self, error: BaseException) -> bool:
        """Record why the run ended early; whether that is all there is to do about it."""
        status, line = ending(error, self.cfg)
        self.add(status=status, error=line)
        if status == "failed":
            write_text(self.folder / "error.log", "".join(traceback.format_exception(error)))
        write_report(self.folder)
        if status == "interrupted":
            print(f"dlexp: {line}; {self.how_to_resume()}", file=sys.stderr)
            return False
        if status == "pruned":
            print(f"dlexp: {line}")
            return True
        if self.in_study and isinstance(error, Exception):
            print(f"dlexp: {line}; the whole of it in {self.folder / 'error.log'}", file=sys.stderr)
            return True
        return False

    def how_to_resume(self) -> str:
        run = read_run(self.folder)
        if run.last_checkpoint is None:
            return "no epoch was complete, so there is no checkpoint"
        return f"resume with: {commands(run)[-1][1]}"


def ending(error: BaseException, cfg: DictConfig) -> tuple[str, str]:
    """The status of a run that `error` has ended, and why in one line."""
    if isinstance(error, Interrupted | KeyboardInterrupt):
        return "interrupted", str(error) or "stopped by SIGINT"  # Python's own KeyboardInterrupt says nothing
    if isinstance(error, Pruned):
        return "pruned", str(error)
    if isinstance(error, OutOfTime):
        return "failed", f"ran longer than job_timeout={cfg.job_timeout:g} seconds"
    return "failed", explain(error) or f"{type(error).__name__}: {error}".splitlines()[0]


def changed(folder: Path, cfg: DictConfig) -> str:
    """The line that refuses to run `cfg` in the folder of another run."""
    return (
        f"{folder} holds a run of another config ({changes(folder, cfg)}): name another study=…, "
        "with on_change=rerun a study runs it again"
    )


def commit() -> str | None:
    """Of the checkout that this code runs from, with a + when files differ from it; None where there is none."""
    here = Path(__file__).parent
    try:
        git = ["git", "-C", str(here), "describe", "--always", "--abbrev=12", "--dirty=+", "--exclude=*"]
        return subprocess.run(git, capture_output=True, text=True, check=True, timeout=10).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return None


def version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
