"""Batch by batch: draw trials, launch their jobs, tell how they ended."""

from collections.abc import Sequence
from pathlib import Path

from hydra.core.utils import JobReturn, JobStatus
from hydra.plugins.launcher import Launcher
from optuna.trial import FrozenTrial, Trial

from dlexp.errors import InputError
from dlexp.reporting import quantities
from dlexp.reporting.run_folder import Result, is_run, read_run
from dlexp.studies.search.space import described
from dlexp.studies.search.trials import Trials


class Loop:
    def __init__(self, trials: Trials, launcher: Launcher, *, n_trials: int, n_jobs: int) -> None:
        self.trials, self.launcher = trials, launcher
        self.n_trials, self.n_jobs = n_trials, n_jobs

    def run(self) -> list[JobReturn]:
        self.announce()
        self.returns: list[JobReturn] = []
        left_behind = self.trials.running
        for start in range(0, len(left_behind), self.n_jobs):
            self.launch(left_behind[start : start + self.n_jobs])
        while (missing := self.n_trials - len(self.trials.made)) > 0:
            self.launch(self.draw(min(missing, self.n_jobs)))
        return self.returns

    def draw(self, count: int) -> list[Trial]:
        """So many new trials, without those that need not run."""
        fresh = []
        for trial in (self.trials.ask() for _ in range(count)):
            if twin := self.trials.twin(trial):
                self.trials.repeat(trial, twin)
                self.say(trial.number, f"the same values as trial {twin.number + 1}")
            else:
                fresh.append(trial)
        return fresh

    def launch(self, batch: Sequence[Trial | FrozenTrial]) -> None:
        """Run the jobs of these trials and tell how they ended. Two trials may share a job."""
        jobs = list(dict.fromkeys(tuple(words) for trial in batch for words in trial.user_attrs["jobs"]))
        if not jobs:
            return
        try:
            returns = self.launcher.launch([list(words) for words in jobs], initial_job_idx=batch[0].number)
        except InputError as error:
            self.refused(batch, error)
            return
        self.returns += returns
        results = {words: result(job) for words, job in zip(jobs, returns, strict=True)}
        for trial in batch:
            self.tell(trial.number, [results[tuple(words)] for words in trial.user_attrs["jobs"]])

    def refused(self, batch: Sequence[Trial | FrozenTrial], error: InputError) -> None:
        """Once trials have worked, one that cannot even be built is a bad draw, and no reason to stop."""
        if len(batch) > 1:
            for trial in batch:
                self.launch([trial])
        elif self.trials.useful:
            self.tell(batch[0].number, [Result(status="failed", error=str(error))])
        else:
            raise error

    def tell(self, number: int, results: Sequence[Result]) -> None:
        status = self.trials.tell(number, results)
        reason = next((one.error for one in results if one.error), None)
        self.say(number, (reason or status) if status == "pruned" else f"{status}: {reason}" if reason else status)

    def say(self, number: int, what: str) -> None:
        print(f"trial {number + 1} of {self.n_trials}: {what}{self.best()}")

    def best(self) -> str:
        front = (
            self.trials.study.best_trials
        )  # a single one, or several of the same worth, where there is one objective
        if not front:
            return ""
        if len(self.trials.objectives) > 1:
            return f"; {len(front)} on the Pareto front"
        best = front[0]
        value = quantities.metric(self.trials.objectives[0].name, best.values[0])
        return f"; the best so far: trial {best.number + 1}, {value}"

    def announce(self) -> None:
        """What is searched, so that nobody is surprised by what the task adds."""
        goals = ", ".join(f"{objective.mode} {objective.name}" for objective in self.trials.objectives)
        done = len(self.trials.made) - len(self.trials.running)
        before = f", {done} of them done before" if done else ""
        print(f"search for {goals}: {self.n_trials} trials{before}")
        for key, distribution in self.trials.space.searched.items():
            origin = f" (the task's sweep: {key}=VALUE fixes it)" if key in self.trials.space.given else ""
            print(f"  {key}: {described(distribution)}{origin}")


def result(job: JobReturn) -> Result:
    """What the run left in its folder; Hydra's own launchers return the process's directory as that of a job."""
    folder = Path(job.hydra_cfg.hydra.runtime.output_dir if job.hydra_cfg else job.working_dir)
    found = read_run(folder).result if is_run(folder) else Result(status="failed")
    if job.status == JobStatus.FAILED and found.status in ("finished", "pruned"):  # that of another config
        return Result(status="failed", error=str(job._return_value))
    return found
