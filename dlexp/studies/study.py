"""The end of a multirun: the comparison of its jobs, and an exit code that tells whether all of them finished."""

import sys
from pathlib import Path
from typing import Any

from hydra.experimental.callback import Callback
from omegaconf import DictConfig

from dlexp.errors import InputError
from dlexp.reporting.pages import shown
from dlexp.reporting.run_folder import Run
from dlexp.studies.manifest import read_manifest


class Study(Callback):
    """Hydra calls it around a multirun (hydra.callbacks.study in conf/config.yaml)."""

    def on_multirun_end(self, config: DictConfig, **kwargs: Any) -> None:
        from dlexp.comparison.writing import write_comparison

        folder = Path(config.hydra.sweep.dir)
        try:
            comparison = write_comparison(folder)
        except InputError as error:  # a sweep of no jobs
            print(f"dlexp: {error}", file=sys.stderr)
            sys.exit(1)
        print(comparison.table)
        print(f"comparison: {comparison.page}")
        troubles = [trouble(run) for run in comparison.failed]
        troubles += [f"{folder / name}: {reason}" for name, reason in read_manifest(folder).refused.items()]
        if troubles:
            count = f"{len(troubles)} of {len(comparison.runs)} jobs"
            print(f"dlexp: {count} did not finish:", *troubles, sep="\n  ", file=sys.stderr)
            # Hydra turns an exception of a callback into a warning; the exit code must not get lost
            sys.exit(1)


def trouble(run: Run) -> str:
    """Which job, why, and where to read on."""
    said = f"{run.result.status}: {run.result.error}" if run.result.error else run.result.status
    return f"{run.folder.name}: {said}; log: {shown(run.log or run.folder)}"
