"""Do the parts of a job fit each other? Its data, network, task and callbacks are built, with no memory for weights."""

import json
from collections.abc import Iterable
from typing import Any

from omegaconf import DictConfig, OmegaConf, open_dict

from dlexp.composition.explain import explain
from dlexp.errors import InputError
from dlexp.identity import plain


def distinct_parts(configs: Iterable[DictConfig]) -> list[dict[str, Any]]:
    """The configs of a study as far as fitting goes, each once: seeds and learning rates make no difference."""
    found = {}
    for cfg in configs:
        cfg = cfg.copy()
        with open_dict(cfg):
            cfg.pop("hydra", None)
        parts = plain(cfg)
        key = {name: parts[name] for name in ("model", "data", "callbacks")}
        key["task"] = {k: v for k, v in parts["task"].items() if k not in ("optimizer", "scheduler")}
        key["data"] = {k: v for k, v in (parts["data"] or {}).items() if k != "seed"}
        found.setdefault(json.dumps(key, sort_keys=True, default=str), parts)
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
