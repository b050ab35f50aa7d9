"""The search: Optuna proposes the jobs of a study a few at a time, from what the earlier ones gave."""

from collections.abc import Sequence
from typing import Any

from hydra.core.plugins import Plugins
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig

from dlexp.studies.swept import swept


class OptunaSweeper(Sweeper):
    """`n_trials` counts those of earlier commands as well; `n_jobs` trials are drawn and launched at a time.

    `objectives` is {metric or cost: min or max}, None for what the task monitors; `params` is the task's own sweep.
    """

    def __init__(
        self,
        *,
        params: DictConfig | None,
        objectives: DictConfig | None,
        n_trials: int,
        n_jobs: int,
        seed: int,
        sampler: DictConfig,
        pruner: DictConfig,
    ) -> None:
        self.params = swept(params)
        self.settings = {
            "chosen": objectives,
            "n_trials": n_trials,
            "n_jobs": n_jobs,
            "seed": seed,
            "sampler": sampler,
            "pruner": pruner,
        }

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        self.config = config
        self.loader = hydra_context.config_loader
        self.launcher = Plugins.instance().instantiate_launcher(
            hydra_context=hydra_context, task_function=task_function, config=config
        )

    def sweep(self, arguments: list[str]) -> Sequence[Any]:
        from dlexp.reporting.search_journal import need_optuna

        need_optuna()
        from dlexp.studies.search.search import search

        return search(self.config, self.loader, self.launcher, self.params, arguments, **self.settings)
