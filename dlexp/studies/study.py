"""The end of a multirun: the comparison of its jobs, and an exit code that tells whether all of them finished."""

import sys
from pathlib import Path
from typing import Any

from hydra.experimental.callback import Callback
from omegaconf import DictConfig

from dlexp.errors import InputError


class Study(Callback):
    """Hydra calls it around a multirun (hydra.callbacks.study in conf/config.yaml)."""

    def on_multirun_end(self, config: DictConfig, **kwargs: Any) -> None:
        from dlexp.studies.comparison import write_comparison

        try:
            comparison = write_comparison(Path(config.hydra.sweep.dir))
        except InputError as error:  # a sweep of no jobs
            print(f"dlexp: {error}", file=sys.stderr)
            sys.exit(1)
        print(comparison.table)
        print(f"comparison: {comparison.page}")
        if comparison.failed:
            # Hydra turns an exception of a callback into a warning; the exit code must not get lost
            sys.exit(1)
