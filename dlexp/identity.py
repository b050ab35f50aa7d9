"""What makes two runs the same experiment: their configs without paths and devices."""

import hashlib
import json
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf, open_dict

PLACES = ("output_dir", "data_dir", "study")  # where a run lies says nothing of what it is
HANDLING = ("on_change", "job_timeout")  # nor does how a study treats it
DEVICES = ("accelerator", "devices", "num_nodes", "strategy")
MOST_NAMED = 5


def plain(cfg: DictConfig) -> dict[str, Any]:
    """The resolved config as plain types, blank where it says only how and where a run is made."""
    cfg = cfg.copy()
    with open_dict(cfg):
        for key in PLACES:
            cfg[key] = ""
        for key in HANDLING:
            cfg.pop(key, None)
        for key in DEVICES:
            cfg.trainer.pop(key, None)
        cfg.ckpt = None  # a resumed run is the run it resumes
    return OmegaConf.to_container(cfg, resolve=True, throw_on_missing=False)


def config_hash(cfg: DictConfig) -> str:
    """Equal hashes mean the same experiment."""
    return digest(plain(cfg))


def digest(parts: Any) -> str:
    """Of plain types, whatever the order of their keys."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:16]


def changes(folder: Path, cfg: DictConfig) -> str:
    """What differs between the config that a run left in its folder and `cfg`: `optimizer.lr: 0.1, now 0.2; …`."""
    try:
        before = flat(plain(OmegaConf.load(folder / ".hydra" / "config.yaml")))
    except Exception:  # whatever has become of that file, it is the other config that counts
        return "its old config cannot be read"
    now = flat(plain(cfg))
    absent = "nothing"
    keys = [key for key in {**before, **now} if before.get(key, absent) != now.get(key, absent)]
    keys = [key for key in keys if not key.startswith("task.") or key.removeprefix("task.") not in keys]  # said already
    named = [f"{key}: {before.get(key, absent)}, now {now.get(key, absent)}" for key in keys[:MOST_NAMED]]
    more = [f"and {len(keys) - MOST_NAMED} more"] if len(keys) > MOST_NAMED else []
    return "; ".join([*named, *more]) or "only the code that hashes it"


def flat(value: Any, key: str = "") -> dict[str, Any]:
    """`{"optimizer.lr": 0.1}` of nested dictionaries."""
    if not isinstance(value, dict) or not value:
        return {key: value}
    return {k: v for name, inner in value.items() for k, v in flat(inner, f"{key}.{name}".lstrip(".")).items()}
