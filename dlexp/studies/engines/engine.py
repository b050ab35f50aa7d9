"""What a study asks of an engine."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Job:
    """A folder with a frozen config, which `dlexp.studies.worker.run_folder` runs."""

    folder: Path
    timeout: float | None  # seconds
    distributed: bool  # over several devices


@dataclass(frozen=True)
class Ended:
    """A job is over. How it went stands in its result.json, unless it died without a word: then `reason` says why."""

    job: Job
    reason: str | None = None


class Engine(ABC):
    """Runs jobs somewhere. It knows nothing of what they do."""

    @abstractmethod
    def run(self, jobs: Sequence[Job], total: int) -> Iterator[Ended | None]:
        """Run all jobs, yielding each as it ends, and None at least every second or so while nothing does.

        `total` counts the jobs of the study that are finished as well: how a machine is divided must not depend on
        how many are left. When the iterator is closed early, every running job is told to stop and waited for.
        """

    def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """`function(*arguments)` where torch is likely to have been imported."""
        return function(*arguments)
