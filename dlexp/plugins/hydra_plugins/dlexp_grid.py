"""The grid: every combination of swept values, given to the launcher as one study."""

from collections.abc import Sequence
from typing import Any

from hydra._internal.core_plugins.basic_sweeper import BasicSweeper
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig

from dlexp.errors import InputError
from dlexp.studies.swept import swept


class Grid(BasicSweeper):
    """Hydra's own sweeper would compose every job only to see whether it can be; our launcher does so anyway."""

    def __init__(self, *, params: DictConfig | None) -> None:
        super().__init__(max_batch_size=None, params=swept(params) or None)

    def sweep(self, arguments: list[str]) -> Sequence[Any]:
        parser = OverridesParser.create(config_loader=self.hydra_context.config_loader)
        overrides = parser.parse_overrides(arguments)
        typed = {override.key_or_group for override in overrides if override.is_sweep_override()}
        if not typed & {"task", "experiment"}:  # else the sweep in the config is that of another task
            overrides = parser.parse_overrides([*self._parse_config(), *arguments])
        for override in overrides:
            if override.is_interval_sweep():
                raise InputError(f"{override.input_line}: a grid has no intervals, a search has: hydra/sweeper=optuna")
        (jobs,) = self.split_arguments(overrides, max_batch_size=None)
        return self.launcher.launch(jobs, initial_job_idx=0)
