"""joblib's pools: processes of this machine, or whatever else has been registered with joblib (dask, ray, spark)."""

import signal
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from multiprocessing import parent_process
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from dlexp.errors import InputError
from dlexp.studies.engines.engine import Ended, Engine, Job
from dlexp.studies.engines.supervised import supervise

if TYPE_CHECKING:
    from joblib import Parallel

TICK = 0.5  # seconds
POOLS = 3  # the next takes over what is left by one that broke


class Joblib(Engine):
    """`n_jobs` at a time, as joblib counts them. `register` is called before, for a backend that joblib does not know.

    `grace`: seconds that a stopped job has for a checkpoint.
    """

    def __init__(self, *, backend: str, n_jobs: int, register: Callable[[], None] | None, grace: float) -> None:
        self.backend = backend
        self.n_jobs = n_jobs
        self.register = register
        self.grace = grace

    def run(self, jobs: Sequence[Job], total: int) -> Iterator[Ended | None]:
        if self.register:
            self.register()
        left = list(jobs)
        for _ in range(POOLS if jobs else 0):
            self.trouble = None
            for ended in self.ends(left.copy()):
                if ended:
                    left.remove(ended.job)
                yield ended
            if not left:
                return
        for job in left:
            yield Ended(job, f"the last of {POOLS} pools broke as well: {self.trouble}")

    def ends(self, jobs: Sequence[Job]) -> Iterator[Ended | None]:
        """Of the jobs of one pool, until it has run all or breaks."""
        ended: SimpleQueue[Ended] = SimpleQueue()
        with tempfile.NamedTemporaryFile(prefix=".pool_", dir=jobs[0].folder.parent, delete=False) as file:
            flag = Path(file.name)  # a sign to all jobs, wherever they run: it is removed, they stop
        thread = threading.Thread(target=self.work, args=(self.parallel(), jobs, flag, ended))  # as joblib blocks
        thread.start()
        try:
            while thread.is_alive() or not ended.empty():
                try:
                    end = ended.get(timeout=TICK)
                except Empty:
                    end = None
                yield end
        finally:
            flag.unlink()
            thread.join()

    def parallel(self) -> "Parallel":
        from joblib import Parallel

        options = {"n_jobs": self.n_jobs, "backend": self.backend, "batch_size": 1}
        try:
            return Parallel(return_as="generator_unordered", **options)
        except ValueError:  # some backends can only tell of all jobs at once
            pass
        try:
            return Parallel(return_as="list", **options)
        except ValueError as error:
            raise InputError(f"hydra.launcher.engine.backend={self.backend}: {error}") from None

    def work(self, pool: "Parallel", jobs: Sequence[Job], flag: Path, ended: SimpleQueue[Ended]) -> None:
        from joblib import delayed

        try:
            for end in pool(delayed(work)(job, self.grace, flag) for job in jobs):
                ended.put(end)
        except Exception as error:  # a worker was killed, and joblib gives up the others with it
            self.trouble = f"{error}".splitlines()[0]


def work(job: Job, grace: float, flag: Path) -> Ended:
    if parent_process() and threading.current_thread() is threading.main_thread():
        # A forked worker has our handler, and would say so when its pool ends it by SIGTERM.
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
    return Ended(job, supervise(job, grace, flag))
