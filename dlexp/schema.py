"""The root keys of a config and their types. It holds no values: those stand in conf/."""

from dataclasses import dataclass
from typing import Any

from hydra.core.config_store import ConfigStore
from omegaconf import MISSING


@dataclass
class Schema:
    task: Any = MISSING
    model: Any = MISSING
    data: Any = MISSING
    optimizer: Any = MISSING
    scheduler: Any = MISSING
    regularizer: Any = MISSING
    trainer: Any = MISSING
    callbacks: Any = MISSING
    logger: Any = MISSING
    seed: int = MISSING
    stages: list[str] = MISSING
    tune: Any = MISSING
    judge: Any = MISSING
    ckpt: str | None = MISSING
    study: str | None = MISSING
    on_change: str = MISSING
    job_timeout: float | None = MISSING
    data_dir: str = MISSING
    output_dir: str = MISSING


def register() -> None:
    """Make the schema known to Hydra under the name that conf/config.yaml begins with."""
    ConfigStore.instance().store(name="schema", node=Schema)
