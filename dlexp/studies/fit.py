"""Do the parts of a job fit each other? Its data, network, task and callbacks are built, with no memory for weights."""

from collections.abc import Iterable
from typing import Any

from omegaconf import DictConfig, OmegaConf

from dlexp.composition.explain import explain
from dlexp.errors import InputError
from dlexp.identity import digest


def distinct_parts(configs: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those of a study's configs that differ where fitting goes: seeds and learning rates make no difference."""
    found = {}
    for parts in configs:
        task = {key: value for key, value in parts["task"].items() if key not in ("optimizer", "scheduler")}
        data = {key: value for key, value in (parts["data"] or {}).items() if key != "seed"}
        found.setdefault(digest([task, data, parts["model"], parts["callbacks"]]), parts)
    return list(found.values())


def check_parts(configs: list[dict[str, Any]]) -> None:
    """InputError for the first that cannot be built, cannot take the data, or waits for a metric that nobody logs."""
    import torch

    for parts in configs:
        cfg = OmegaConf.create(parts)
        try:
            with torch.device("meta"):
                build_parts(cfg)
        except Exception:  # some layers have no meta form: only what fails with real weights as well has failed
            try:
                build_parts(cfg)
            except Exception as error:
                raise InputError(explain(error) or f"{type(error).__name__}: {error}") from None


def build_parts(cfg: DictConfig) -> None:
    from hydra.utils import instantiate

    from dlexp.run import build, check_monitors

    instantiate(cfg.data, _convert_="all")
    task = instantiate(cfg.task, _convert_="all")
    check_monitors(task, build(cfg.callbacks))
