"""SLURM, by submitit: the jobs of a study are one array, which outlives time limits and preemption."""

import os
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from dlexp.errors import InputError, Interrupted, OutOfTime, hear
from dlexp.reporting.run_folder import read_run
from dlexp.studies.engines.engine import Ended, Engine, Job
from dlexp.studies.worker import run_folder

if TYPE_CHECKING:
    from submitit import Job as Submitted
    from submitit.helpers import DelayedSubmission

TICK = 1.0  # seconds between looks at files; the scheduler is asked ever more seldom, by submitit
PATIENCE = 600  # seconds, more than SLURM leaves a process that it has told to stop
STATES = {
    "OUT_OF_MEMORY": "out of memory (hydra.launcher.engine.resources.mem_gb)",
    "TIMEOUT": "out of time (hydra.launcher.engine.resources.timeout_min)",
    "NODE_FAIL": "its node failed",
    "CANCELLED": "it was cancelled",
}


class Slurm(Engine):
    """`cluster`: slurm, or local and debug, which are submitit's own to try it without one.

    `resources` are those of each job, by submitit's names for any cluster; `slurm` are options of sbatch. What is
    null is left to the cluster. `max_requeues`: how often a job may reach its time limit and go on in the queue.
    `grace`: seconds that a cancelled job has for a checkpoint.
    """

    def __init__(
        self,
        *,
        cluster: str,
        resources: Mapping[str, Any],
        slurm: Mapping[str, Any],
        max_requeues: int,
        grace: float,
    ) -> None:
        if find_spec("submitit") is None:
            raise InputError("hydra/launcher=slurm needs submitit: pip install 'dlexp[slurm]'")
        self.cluster = cluster
        self.resources = resources
        self.slurm = slurm
        self.max_requeues = max_requeues
        self.grace = grace

    def run(self, jobs: Sequence[Job], total: int) -> Iterator[Ended | None]:
        left = dict(zip(self.submit(jobs), jobs, strict=True))
        try:
            while left:
                for submitted in [s for s in left if s.done()]:
                    yield Ended(left.pop(submitted), reason(submitted))
                yield None
                time.sleep(TICK)
        finally:
            self.cancel(left)

    def submit(self, jobs: Sequence[Job]) -> Sequence["Submitted"]:
        """As one array, whose files are in the study's folder."""
        from submitit import AutoExecutor

        if not jobs:
            return []
        tasks = (self.resources["nodes"] or 1) * (self.resources["tasks_per_node"] or 1)
        if self.cluster == "slurm" and tasks == 1 and any(job.distributed for job in jobs):
            raise InputError("a distributed job needs hydra.launcher.engine.resources.tasks_per_node=trainer.devices")
        options = {f"slurm_{name}": value for name, value in self.slurm.items()}
        try:
            executor = AutoExecutor(
                jobs[0].folder.parent / ".submitit",
                cluster=self.cluster,
                slurm_max_num_timeout=self.max_requeues,
                local_max_num_timeout=self.max_requeues,
            )
            executor.update_parameters(name=jobs[0].folder.parent.name, **self.resources, **options)
            return executor.submit_array([Task(job.folder) for job in jobs])
        except (RuntimeError, OSError) as error:
            raise InputError(f"submitit: {str(error).splitlines()[0]}") from None

    def cancel(self, left: Mapping["Submitted", Job]) -> None:
        for submitted in left:
            submitted.cancel(check=False)
        deadline = time.monotonic() + self.grace
        while any(not s.done() and running(job) for s, job in left.items()) and time.monotonic() < deadline:
            time.sleep(TICK)


class Task:
    """The job, as submitit runs it on a node."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.warned = False

    def __call__(self) -> str | None:
        """Why it could not even begin.

        Before the time limit SLURM sends a warning: a checkpoint is written, then submitit requeues the job. A SIGTERM
        leads to a checkpoint as well, and what comes of it is SLURM's decision: it may be a preemption.
        """
        from submitit import JobEnvironment
        from submitit.helpers import TorchDistributedEnvironment

        import_module("dlexp.studies.warm")  # torch dies of a signal while it is imported: not in the time of the job
        if JobEnvironment().num_tasks > 1:  # Lightning finds its ranks started
            TorchDistributedEnvironment().export(set_cuda_visible_devices=False)
        warning = signal.Signals[f"SIG{JobEnvironment.USR_SIG}"]
        requeue = signal.getsignal(warning)
        if callable(requeue):  # not so in debug, which is the study's own process
            signal.signal(warning, self.hear_warning)
            signal.signal(signal.SIGTERM, hear)
        try:
            run_folder(self.folder)
        except Interrupted:
            if callable(requeue):
                signal.signal(signal.SIGTERM, signal.SIG_IGN)
                signal.signal(warning, requeue)
                if self.warned:
                    signal.raise_signal(warning)
                time.sleep(PATIENCE)
            raise
        except OutOfTime:
            return "ran longer than job_timeout before it could begin"
        except Exception as error:
            return str(error)
        return None

    def hear_warning(self, number: int, frame: FrameType | None) -> None:
        self.warned = True
        os.kill(os.getpid(), signal.SIGTERM)

    def checkpoint(self) -> "DelayedSubmission":
        """What submitit puts into the queue in its place: the same, as a job goes on from what lies in its folder."""
        from submitit.helpers import DelayedSubmission

        return DelayedSubmission(Task(self.folder))


def reason(submitted: "Submitted") -> str | None:
    """Of the end of a job that could not tell of it itself."""
    first = submitted.task(0)
    if not first.paths.result_pickle.exists() and first.state != "DONE":  # of debug, which writes none
        state = first.state.partition(" ")[0]
        return f"{STATES.get(state, 'its process died')}; log: {first.paths.stderr}"
    try:
        return first.result()
    except RuntimeError as error:  # submitit's, with the lines of a traceback between two rules
        return str(error).rpartition("\n---")[0].splitlines()[-1]


def running(job: Job) -> bool:
    return read_run(job.folder).result.status == "running"
