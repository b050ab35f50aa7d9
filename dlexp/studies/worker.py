"""What every engine runs: the job that was frozen in a folder, in whatever process it finds itself."""

import contextlib
import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from hydra._internal.callbacks import Callbacks
from hydra.core.utils import run_job, setup_globals
from hydra.types import HydraContext
from omegaconf import DictConfig, read_write

from dlexp.composition.folders import register_folders
from dlexp.errors import hear
from dlexp.studies.frozen import thaw

LOG = "job.log"
PATIENCE = 10  # seconds that the other ranks have to end after the first


def run_folder(folder: str | Path) -> None:
    """Run the job. Everything that it says goes to its job.log, and how it ended is in its result.json.

    Raises Interrupted and KeyboardInterrupt, which stop a study, and an error if the job could not even begin.
    """
    folder = Path(folder)
    with (folder / LOG).open("a", buffering=1) as log, contextlib.redirect_stdout(log), contextlib.redirect_stderr(log):
        setup_globals()  # the resolvers of Hydra, in a process that is not one of its own
        register_folders()
        cfg = thaw(folder)
        os.chdir(cfg.hydra.runtime.cwd)  # relative paths mean what they meant where the study was started
        with read_write(cfg.hydra):
            cfg.hydra.output_subdir = None  # what Hydra would write there is what was just read
        context = HydraContext(config_loader=None, callbacks=Callbacks(cfg))
        with alarm(cfg.job_timeout), other_ranks(folder), environment():
            _ = run_job(train, cfg, "hydra.sweep.dir", "hydra.sweep.subdir", context).return_value  # raises its error


def train(cfg: DictConfig) -> None:
    """What is composed and checked already."""
    from dlexp.record import Record
    from dlexp.run import run

    with Record(cfg) as record:
        if not record.finished:
            run(record.resumed(), record)


@contextlib.contextmanager
def alarm(seconds: float | None) -> Iterator[None]:
    """OutOfTime after so long. Without signals of this kind (Windows) it is left to the engine."""
    if seconds is None or not hasattr(signal, "SIGALRM"):
        yield
        return
    before = signal.signal(signal.SIGALRM, hear)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextlib.contextmanager
def other_ranks(folder: Path) -> Iterator[None]:
    """Lightning starts the other ranks of a distributed job with the command of this process.

    That would be the whole study again, so for the time of the job the command is that of a rank of this job.
    """
    main = sys.modules["__main__"]
    before = getattr(main, "__spec__", None), sys.argv
    main.__spec__, sys.argv = find_spec("dlexp.studies.rank"), ["rank", str(folder)]
    try:
        yield
    finally:
        main.__spec__, sys.argv = before
        end_ranks()


def end_ranks() -> None:
    """See the other ranks out. Lightning's watch over them would kill this process if one has failed, job or no job."""
    for thread in threading.enumerate():
        if thread.name == "child-process-observer":
            ranks, thread._child_processes = thread._child_processes, []
            for rank in ranks:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    rank.wait(PATIENCE)
                rank.kill()


@contextlib.contextmanager
def environment() -> Iterator[None]:
    """Leave the process as it was: Hydra sets up logging, a distributed job variables and the one process group."""
    before, root = dict(os.environ), logging.getLogger()
    handlers, level = list(root.handlers), root.level
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
        root.handlers[:] = handlers
        root.setLevel(level)
        distributed = sys.modules.get("torch.distributed")
        if distributed and distributed.is_available() and distributed.is_initialized():
            distributed.destroy_process_group()
