"""What one sees while a study runs: a line for each job that ends, and on a terminal a live table of the others."""

import os
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from dlexp.reporting import quantities
from dlexp.reporting.run_folder import Run, read_run

if TYPE_CHECKING:
    from rich.console import Group


class Board:
    """Reads nothing but the folders of the jobs, so that it does not matter where they run."""

    def __init__(self, jobs: Sequence[Path], to_do: Sequence[Path]) -> None:
        from rich.console import Console

        self.jobs = len(jobs)
        self.waiting = list(to_do)
        self.done_before = len(jobs) - len(to_do)
        self.begun = time.monotonic()
        self.before = {folder: stamp(folder / "result.json") for folder in to_do}  # left by earlier attempts
        self.running: dict[Path, Watched] = {}
        self.over: list[Run] = []
        self.console = Console(highlight=False, soft_wrap=True)
        self.live = None

    def __enter__(self) -> "Board":
        if self.done_before:
            self.say(f"{self.done_before} of {self.jobs} jobs were done before")
        if self.waiting and self.console.is_terminal:
            from rich.live import Live

            # A thread of its own draws it, as a job may be running in this one
            self.live = Live(get_renderable=self.table, console=self.console, refresh_per_second=2, transient=True)
            self.live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.live:
            self.live.stop()

    def refresh(self) -> None:
        """See who has begun. Cheap enough for every tick: a look at the time stamp of each waiting job."""
        for folder in [f for f in self.waiting if stamp(f / "result.json") != self.before[f]]:
            self.waiting.remove(folder)
            self.running[folder] = Watched(folder)

    def ended(self, folder: Path, reason: str | None) -> None:
        """`reason`: what the engine knows of a job that died, or could not begin, without a word."""
        self.running.pop(folder, None)
        if folder in self.waiting:
            self.waiting.remove(folder)
        run = read_run(folder)
        self.over.append(run)
        self.say(f"[{self.done_before + len(self.over)}/{self.jobs}] {folder.name}  {told(run, reason)}")

    def say(self, line: str) -> None:
        self.console.print(line, markup=False)

    def time_left(self) -> float | None:
        """Seconds, from how long jobs have taken so far and how far the running ones are; None before one can tell."""
        parts = [job.done for job in self.running.values()]
        done = len(self.over) + sum(parts)
        if not done:
            return None
        left = len(self.waiting) + len(parts) - sum(parts)
        return (time.monotonic() - self.begun) / done * left

    def table(self) -> "Group":
        """The running jobs under a line that counts all of them."""
        from rich.console import Group
        from rich.table import Table
        from rich.text import Text

        self.refresh()  # from the thread that draws: while a job runs in this process nothing else looks
        running = list(self.running.values())
        for job in running:
            job.look()
        left = self.time_left()
        failed = sum(run.result.status not in ("finished", "pruned") for run in self.over)
        counts = [
            f"{len(running)} running",
            f"{len(self.waiting)} waiting",
            f"{self.done_before + len(self.over) - failed} finished",
            f"{failed} failed",
            *([f"about {quantities.seconds(left)} left"] if left else []),
        ]
        table = Table(box=None, pad_edge=False, header_style="dim")
        for heading, justify in (("job", "left"), ("epoch", "right"), ("metric", "left"), ("time", "right")):
            table.add_column(heading, justify=justify, overflow="fold")
        for job in running:
            table.add_row(job.folder.name, job.epoch, job.metric, quantities.seconds(time.monotonic() - job.begun))
        return Group(Text(" · ".join(counts), style="bold"), table)


def told(run: Run, reason: str | None = None) -> str:
    """How a job ended, in a line."""
    result = run.result
    if result.status in ("finished", "pruned"):
        value = quantities.metric(result.monitor or "", result.metrics.get(result.monitor))
        shown = f"{quantities.spoken(result.monitor)} {value}, " if value != quantities.ABSENT else ""
        return f"{result.status}: {shown}{quantities.seconds(result.seconds)}"
    return f"{result.status}: {result.error or reason or 'see its log'}"


class Watched:
    """A running job, as far as its metrics.csv tells."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.begun = time.monotonic()
        self.seen: int | None = None
        self.done = 0.0  # share of its epochs
        self.epoch = ""
        self.metric = ""
        self.epochs, self.monitor = plans(folder)

    def look(self) -> None:
        path = self.folder / "metrics.csv"
        if (now := stamp(path)) == self.seen:
            return
        self.seen = now
        rows = Run(self.folder, read_run(self.folder).result).history
        if not len(rows) or rows["epoch"].isna().all():
            return
        epoch = int(rows["epoch"].max()) + 1
        self.epoch = f"{epoch}/{self.epochs}" if self.epochs else str(epoch)
        self.done = min(1.0, epoch / self.epochs) if self.epochs else 0.0
        if self.monitor in rows and rows[self.monitor].notna().any():
            value = rows[self.monitor].dropna().iloc[-1]
            self.metric = f"{quantities.spoken(self.monitor)} {quantities.metric(self.monitor, value)}"


def plans(folder: Path) -> tuple[int | None, str]:
    """How many epochs a job has before it, and which metric it watches, by its frozen config."""
    from omegaconf import OmegaConf

    cfg = OmegaConf.load(folder / ".hydra" / "config.yaml")
    epochs = OmegaConf.select(cfg, "trainer.max_epochs")
    return (epochs if isinstance(epochs, int) and epochs > 0 else None), str(OmegaConf.select(cfg, "task.monitor"))


def stamp(path: Path) -> int | None:
    """Its time of change, None where there is no such file."""
    try:
        return os.stat(path).st_mtime_ns
    except OSError:
        return None
