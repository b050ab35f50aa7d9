"""The launcher of studies: Hydra hands it the jobs, an engine runs them."""

from collections.abc import Sequence

from hydra.core.utils import JobReturn
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig


class StudyLauncher(Launcher):
    """`engine` says where the jobs run (dlexp.studies.engines). A sweeper may call `launch` several times."""

    def __init__(self, *, engine: DictConfig) -> None:
        self.engine = engine

    def setup(self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig) -> None:
        self.hydra_context = hydra_context
        self.config = config

    def launch(self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int) -> Sequence[JobReturn]:
        from dlexp.studies.launch import launch

        return launch(self.config, self.hydra_context.config_loader, self.engine, job_overrides, initial_job_idx)
