"""result.json of one run: written when it starts, whenever its state changes, and when it ends, however it ends."""

import hashlib
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

from hydra.core.hydra_config import HydraConfig
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf, open_dict

from dlexp.composition.explain import explain
from dlexp.errors import InputError, Interrupted
from dlexp.reporting.atomic import write_text
from dlexp.reporting.pages import commands, write_report
from dlexp.reporting.run_folder import read_run

PACKAGES = ("dlexp", "torch", "lightning", "torchmetrics", "hydra-core", "numpy")
PLACES = ("output_dir", "data_dir", "study")  # where a run lies says nothing of what it is
DEVICES = ("accelerator", "devices", "num_nodes", "strategy")


class Record:
    """A context around one run. As part of a study it takes note of a failure and lets the next job begin."""

    def __init__(self, cfg: DictConfig) -> None:
        hydra = HydraConfig.get()
        self.folder = Path(hydra.runtime.output_dir)
        self.path = self.folder / "result.json"
        self.in_study = hydra.mode == RunMode.MULTIRUN
        self.leads = os.environ.get("LOCAL_RANK", "0") == "0"  # Lightning starts the other ranks with it set
        self.clock = time.perf_counter()
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
        self.finished = self.already_finished()

    def already_finished(self) -> bool:
        """Whether this very run lies finished in the folder. InputError if another one does."""
        if not self.path.exists():
            return False
        before = json.loads(self.path.read_text())
        if before["status"] != "finished":
            return False
        if before["config_hash"] != self.result["config_hash"]:
            raise InputError(
                f"{self.folder} holds a finished run of another config: name another study=… or remove that folder"
            )
        print(f"already finished: {self.folder}")
        return True

    def add(self, **facts: Any) -> None:
        self.result |= facts
        self.save()

    def save(self) -> None:
        self.result["seconds"] = round(time.perf_counter() - self.clock, 3)
        if self.leads:
            write_text(self.path, json.dumps(self.result, indent=2) + "\n")

    def __enter__(self) -> "Record":
        if not self.finished:
            self.save()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if error is None or self.finished or not self.leads:
            return False
        stopped = isinstance(error, Interrupted | KeyboardInterrupt)
        if stopped:
            line = str(error) or "stopped by SIGINT"  # Python's own KeyboardInterrupt says nothing
        else:
            line = explain(error) or f"{type(error).__name__}: {error}".splitlines()[0]
        self.add(status="interrupted" if stopped else "failed", error=line)
        if not stopped:
            write_text(self.folder / "error.log", "".join(traceback.format_exception(error)))
        write_report(self.folder)
        if stopped:
            print(f"dlexp: {line}; {self.how_to_resume()}", file=sys.stderr)
            return False
        if self.in_study and isinstance(error, Exception):
            print(f"dlexp: {line}; the whole of it in {self.folder / 'error.log'}", file=sys.stderr)
            return True
        return False

    def how_to_resume(self) -> str:
        run = read_run(self.folder)
        if run.last_checkpoint is None:
            return "no epoch was complete, so there is no checkpoint"
        return f"resume with: {commands(run)[-1][1]}"


def config_hash(cfg: DictConfig) -> str:
    """Of the resolved config without paths and devices: equal hashes mean the same experiment."""
    cfg = cfg.copy()
    with open_dict(cfg):
        for key in PLACES:
            cfg[key] = ""
        for key in DEVICES:
            cfg.trainer.pop(key, None)
        cfg.ckpt = None  # a resumed run is the run it resumes
    plain = OmegaConf.to_container(cfg, resolve=True, throw_on_missing=False)
    return hashlib.sha256(json.dumps(plain, sort_keys=True, default=str).encode()).hexdigest()[:16]


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
