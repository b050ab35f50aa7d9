"""One job after the other, in this process."""

from collections.abc import Iterator, Sequence

from dlexp.studies.engines.engine import Ended, Engine, Job
from dlexp.studies.worker import run_folder


class Inline(Engine):
    """What a debugger can follow. A signal to stop reaches the job itself and ends the study with it."""

    def run(self, jobs: Sequence[Job], total: int) -> Iterator[Ended | None]:
        for job in jobs:
            try:
                run_folder(job.folder)
            except Exception as error:
                yield Ended(job, str(error))
            else:
                yield Ended(job)
