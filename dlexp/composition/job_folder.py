"""The name of a job's folder in a study: its overrides, made safe for a file system."""

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


def register_job_folder() -> None:
    """Make `${job_folder:…}` known to OmegaConf; conf/config.yaml names folders with it."""
    OmegaConf.register_new_resolver("job_folder", job_folder, replace=True)
