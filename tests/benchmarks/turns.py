"""Processes that take turns at an epoch: what else the machine does then falls on all of them alike."""

import os
import subprocess
import time
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from types import TracebackType

HERE = Path(__file__).resolve().parent
PIPE = "DLEXP_BENCHMARK_PIPE"  # the variable that names the child's end


def environment(**more: str) -> dict[str, str]:
    """What a child needs to import dlexp and the modules of this folder."""
    paths = [str(HERE), str(HERE.parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])]
    return os.environ | {"PYTHONPATH": os.pathsep.join(paths)} | more


class Contestant:
    """A child process, as its parent sees it."""

    def __init__(self, command: list[str], folder: Path) -> None:
        folder.mkdir()
        self.output = folder / "output.txt"
        self.pipe, theirs = Pipe()
        with theirs, self.output.open("w") as output:
            self.process = subprocess.Popen(
                command,
                cwd=folder,
                env=environment(**{PIPE: str(theirs.fileno())}),
                pass_fds=[theirs.fileno()],
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def turn(self) -> tuple[float, float]:
        """Let it run one epoch: seconds of CPU time, seconds."""
        try:
            self.pipe.send("go")
            return self.pipe.recv()
        except (EOFError, OSError):
            raise RuntimeError(f"{self.process.args} ended: {self.output.read_text()}") from None

    def __enter__(self) -> "Contestant":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.process.kill()
        self.process.wait()
        self.pipe.close()


class Turns:
    """The child's end."""

    def __init__(self) -> None:
        self.pipe = Connection(int(os.environ[PIPE]))
        self.begun: tuple[float, float] | None = None

    def next(self) -> None:
        """Between two epochs: tell what the last one took, and wait for the next turn."""
        if self.begun is not None:
            self.pipe.send(tuple(now - then for now, then in zip(clocks(), self.begun, strict=True)))
        self.pipe.recv()
        self.begun = clocks()


def clocks() -> tuple[float, float]:
    return time.process_time(), time.perf_counter()
