"""How the folders of studies and of their jobs are named; conf/config.yaml uses both as resolvers."""

import hashlib
import re

from omegaconf import OmegaConf

LONGEST = 180  # bytes; file systems allow 255, and tools append to names


def job_folder(overrides: str) -> str:
    """`model=lenet,seed=0` as it is. What a file system would refuse is replaced and told apart by a hash."""
    name = re.sub(r"[^\w.,=+@\[\](){}-]", "_", overrides) or "default"
    if name in (overrides, "default") and len(name.encode()) <= LONGEST:
        return name
    digest = hashlib.sha256(overrides.encode()).hexdigest()[:8]
    return f"{name.encode()[:LONGEST].decode(errors='ignore')}-{digest}"


def study_folder(name: str | None, default: str) -> str:
    """The folder of a study under outputs/: its name where it was given one."""
    return name or default


def register_folders() -> None:
    """Make `${job_folder:…}` and `${study_folder:…}` known to OmegaConf."""
    OmegaConf.register_new_resolver("job_folder", job_folder, replace=True)
    OmegaConf.register_new_resolver("study_folder", study_folder, replace=True)
