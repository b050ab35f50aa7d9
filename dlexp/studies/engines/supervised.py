"""A job as the child of a cluster's or a pool's worker: however it dies, the worker lives on and tells how."""

import functools
import multiprocessing
import os
from multiprocessing.connection import wait
from multiprocessing.context import BaseContext
from pathlib import Path

from dlexp.studies.engines.engine import Job
from dlexp.studies.engines.local import TICK, Process, end, warm_context


def supervise(job: Job, grace: float, flag: Path | None = None) -> str | None:
    """Run the job to its end in a process of its own; the reason of its death if it could not tell it itself.

    It is told to stop, and has `grace` seconds for a checkpoint, when `flag` is no more or an exception
    (KeyboardInterrupt) reaches the worker. It stops by itself when the worker is killed.
    """
    if flag and not flag.exists():
        return None
    multiprocessing.current_process().daemon = False  # some pools forbid their workers to have children
    gpu = os.environ.get("CUDA_VISIBLE_DEVICES")  # as the cluster divides them
    process = Process(context(), job, gpu, threads=int(os.environ.get("OMP_NUM_THREADS", "1")))
    try:
        while process.alive(grace) and (flag is None or flag.exists()):
            wait([process.sentinel], timeout=TICK)
    finally:
        end([process], grace)
    return process.reason()


@functools.cache
def context() -> BaseContext:
    """One for each worker: its second job finds torch imported."""
    context = warm_context()
    multiprocessing.set_start_method(context.get_start_method(), force=True)  # a child does not know the one of loky
    return context
