"""A search without trainings: a launcher that makes up what a job gives, and the parts of a search around it."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.utils import JobReturn, JobStatus
from omegaconf import OmegaConf

pytest.importorskip("optuna")

from hydra.utils import instantiate

from dlexp.reporting.search_journal import need_optuna
from dlexp.studies.search.loop import Loop
from dlexp.studies.search.objectives import Objective
from dlexp.studies.search.sampling import Repeatable
from dlexp.studies.search.space import read_space
from dlexp.studies.search.trials import Trials

SWEEPER = Path(__file__).parents[2] / "conf" / "hydra" / "sweeper"


class MadeUp:
    """Writes the result.json of each job: `answer` gives its keys, from the job's overrides as a dictionary."""

    def __init__(self, folder: Path, answer: Callable[[dict[str, str]], dict[str, Any]]) -> None:
        self.folder, self.answer = folder, answer
        self.batches: list[list[dict[str, str]]] = []

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> list[JobReturn]:
        self.batches.append([dict(word.split("=", 1) for word in words) for words in job_overrides])
        return [self.run(list(words), job) for words, job in zip(job_overrides, self.batches[-1], strict=True)]

    def run(self, words: list[str], job: dict[str, str]) -> JobReturn:
        folder = self.folder / ",".join(words)
        folder.mkdir(exist_ok=True)
        result = {"status": "finished", "overrides": words} | self.answer(job)
        (folder / "result.json").write_text(json.dumps(result))
        status = JobStatus.COMPLETED if result["status"] in ("finished", "pruned") else JobStatus.FAILED
        return JobReturn(overrides=words, working_dir=str(folder), status=status, _return_value=None)

    @property
    def jobs(self) -> list[dict[str, str]]:
        return [job for batch in self.batches for job in batch]


def score(accuracy: float, **more: Any) -> dict[str, Any]:
    return {"metrics": {"val/accuracy": accuracy}, **more}


@pytest.fixture(name="score")
def score_fixture() -> Callable[..., dict[str, Any]]:
    return score


@pytest.fixture
def read() -> Callable[..., Any]:
    """The space of these words."""
    return lambda *words, params=None: read_space(params or {}, words, OverridesParser.create())


@pytest.fixture
def search(tmp_path, read) -> Callable[..., tuple[Trials, MadeUp]]:
    """Go on with the search in tmp_path."""

    def go_on(
        *words: str,
        answer: Callable[[dict[str, str]], dict[str, Any]],
        n_trials: int,
        n_jobs: int = 1,
        sampler: str = "tpe",
        objectives: Sequence[tuple[str, str]] = (("val/accuracy", "max"),),
        seed: int = 0,
    ) -> tuple[Trials, MadeUp]:
        need_optuna()
        space = read(*words)
        make = instantiate(OmegaConf.load(SWEEPER / "sampler" / f"{sampler}.yaml"), _convert_="all")
        facts = {"fixed": space.fixed, "seeds": [word for words in space.seeds for word in words]}
        goals = [Objective(*objective) for objective in objectives]
        trials = Trials(tmp_path, space, goals, Repeatable(make, seed), facts)
        trials.prune_by(None)
        launcher = MadeUp(tmp_path, answer)
        Loop(trials, launcher, n_trials=n_trials, n_jobs=n_jobs).run()
        return trials, launcher

    return go_on
