"""All of this machine: every job a process of its own, forked from one that has imported torch already."""

import contextlib
import faulthandler
import multiprocessing
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing.connection import wait
from multiprocessing.context import BaseContext
from pathlib import Path
from typing import Any

from dlexp.errors import Interrupted, hear
from dlexp.studies.engines.engine import Ended, Engine, Job
from dlexp.studies.worker import LOG, environment, run_folder

TICK = 0.5  # seconds
SINGLE = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


class Local(Engine):
    """`workers` jobs at a time, each on its own share of the cores, and on one GPU where there are some.

    A job that is distributed has the machine to itself. `grace`: seconds that a stopped job gets for a checkpoint.
    """

    def __init__(self, *, workers: int | None, threads: int | None, jobs_per_gpu: int, grace: float) -> None:
        self.wanted_workers = workers
        self.wanted_threads = threads
        self.jobs_per_gpu = jobs_per_gpu
        self.grace = grace
        self.context = warm_context()
        self.slots: list[str | None] = []

    def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        with ProcessPoolExecutor(1, mp_context=self.context, initializer=watch_parent) as pool:
            return pool.submit(function, *arguments).result()

    def divide(self, total: int) -> None:
        """The machine into slots: the GPU of each, or None, and the threads of all."""
        cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
        gpus = visible_gpus(self.call(count_gpus))
        workers = self.wanted_workers or len(gpus) * self.jobs_per_gpu or min(cores, total)
        self.slots = [gpus[i % len(gpus)] if gpus else None for i in range(workers)]
        self.threads = self.wanted_threads or int(os.environ.get("OMP_NUM_THREADS", 0)) or max(1, cores // workers)

    def run(self, jobs: Sequence[Job], total: int) -> Iterator[Ended | None]:
        if not self.slots:  # a search launches many times, and its last few jobs are to have no more threads
            self.divide(total)
        waiting, free = list(jobs), list(self.slots)
        running: list[Process] = []
        try:
            while waiting or running:
                while waiting and free:
                    if waiting[0].distributed or (running and running[0].job.distributed):
                        if running:
                            break
                        running.append(Process(self.context, waiting.pop(0), None, os.cpu_count() or 1))
                        break
                    running.append(Process(self.context, waiting.pop(0), free.pop(0), self.threads))
                wait([process.sentinel for process in running], timeout=TICK)
                yield None
                for process in [p for p in running if not p.alive(self.grace)]:
                    running.remove(process)
                    if not process.job.distributed:
                        free.append(process.gpu)
                    yield Ended(process.job, process.reason())
        finally:
            end(running, self.grace)


class Process:
    """One job at work."""

    def __init__(self, context: BaseContext, job: Job, gpu: str | None, threads: int) -> None:
        self.job = job
        self.gpu = gpu
        self.started = time.monotonic()
        self.process = context.Process(target=work, args=(job, gpu, threads), name=job.folder.name)
        self.process.start()
        self.sentinel = self.process.sentinel
        self.overdue = False

    def alive(self, grace: float) -> bool:
        """Whether it still runs. One that does not end by itself at its job_timeout is killed `grace` seconds later."""
        timeout = self.job.timeout
        if timeout is not None and time.monotonic() - self.started > timeout + grace and self.process.is_alive():
            self.overdue = True
            self.process.kill()
            self.process.join()
        return self.process.is_alive()

    def reason(self) -> str | None:
        """Of its death, if it did not end by itself."""
        code = self.process.exitcode
        if self.overdue:
            return f"ran longer than job_timeout={self.job.timeout:g} seconds and did not stop"
        if code is not None and code < 0:
            name = signal.Signals(-code).name
            likely = ", perhaps because the machine's memory was full" if name == "SIGKILL" else ""
            return f"killed by {name}{likely}"
        return last_line(self.job.folder / LOG) if code else None


def end(running: Sequence[Process], grace: float) -> None:
    """Tell all to stop, wait until they have written their checkpoints, and kill what does not stop."""
    for process in running:
        process.process.terminate()
    deadline = time.monotonic() + grace
    try:
        for process in running:
            process.process.join(max(0.0, deadline - time.monotonic()))
    finally:
        for process in running:
            process.process.kill()
            process.process.join()


def work(job: Job, gpu: str | None, threads: int) -> None:
    """The whole life of a job's process. Ctrl-C at the terminal is the study's, which then tells its jobs once."""
    if hasattr(os, "setsid"):
        os.setsid()
    watch_parent()
    log = os.open(job.folder / LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    for stream in (1, 2):  # what libraries and other ranks write as well
        os.dup2(log, stream)
    faulthandler.enable()  # a crash in C leaves the Python lines that led to it
    if gpu is not None:
        os.environ["CUDA_VISIBLE_DEVICES"] = gpu
    for name in SINGLE:
        os.environ[name] = str(threads)

    import torch

    torch.set_num_threads(threads)
    signal.signal(signal.SIGTERM, hear)
    with contextlib.suppress(KeyboardInterrupt, Interrupted):
        run_folder(job.folder)


def last_line(log: Path) -> str:
    """What a process said before it gave up."""
    said = log.read_text(errors="replace") if log.is_file() else ""
    return said.strip().rpartition("\n")[2] or "its process could not begin"


def watch_parent() -> None:
    """A study that was killed leaves no processes behind: its jobs write a checkpoint and stop."""

    def wait_for_its_end() -> None:
        multiprocessing.parent_process().join()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait_for_its_end, daemon=True).start()


def warm_context() -> BaseContext:
    """Where processes come from: a server that imports once and forks. Where there is none, each imports anew."""
    if sys.platform != "linux":
        return multiprocessing.get_context("spawn")
    from multiprocessing.forkserver import ensure_running

    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["dlexp.studies.warm"])
    with environment():
        os.environ.update(SINGLE)  # threads would not survive a fork
        ensure_running()
    return context


def count_gpus() -> int:
    import torch

    return torch.cuda.device_count()


def visible_gpus(count: int) -> list[str]:
    """As CUDA_VISIBLE_DEVICES names them."""
    named = [name for name in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if name]
    return named[:count] or [str(i) for i in range(count)]
