"""study.json: which folder belongs to which job of a study, and what its config was composed from."""

import hashlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib import metadata
from pathlib import Path

from omegaconf import DictConfig

from dlexp.reporting.atomic import write_text

FILE = "study.json"


@dataclass
class Manifest:
    """What the launches of a study so far have agreed upon."""

    sources: str = ""  # digest of everything that a config is composed from, but the job's own overrides
    constants: list[str] | None = None  # overrides of the first launch that name no job, as all have them
    folders: dict[str, str] = field(default_factory=dict)  # {overrides of a job: name of its folder}
    hashes: dict[str, str] = field(default_factory=dict)  # {name of a folder: hash of the config that belongs there}
    refused: dict[str, str] = field(default_factory=dict)  # {name of a folder: why the last launch left it alone}

    def write(self, study: Path) -> None:
        write_text(study / FILE, json.dumps(asdict(self), indent=1) + "\n")


def read_manifest(study: Path) -> Manifest:
    """An empty one where there is none, or none that can be read: it only saves work."""
    try:
        return Manifest(**json.loads((study / FILE).read_text()))
    except (OSError, ValueError, TypeError):
        return Manifest()


def spoken(words: Sequence[str]) -> str:
    """The overrides of a job as one text."""
    return " ".join(words)


def digest(master: DictConfig) -> str | None:
    """Of all files of conf/ and --config-dir, the variables they read, and the programs that compose them.

    Equal digests and equal overrides give equal configs, with nothing composed. None where that cannot be said.
    """
    content = hashlib.sha256()
    texts = []
    for source in master.hydra.runtime.config_sources:
        if source.schema == "file":
            for path in sorted(Path(source.path).rglob("*.yaml")):
                texts.append(path.read_text())
                content.update(f"{path.relative_to(source.path)}\n{texts[-1]}\n".encode())
        elif source.schema == "pkg" and source.path != "hydra.conf":
            return None
    for name in sorted(set(re.findall(r"oc\.env:\s*(\w+)", " ".join(texts)))):
        content.update(f"{name}={os.environ.get(name)}\n".encode())
    content.update("\n".join(master.hydra.overrides.hydra).encode())
    content.update(str([metadata.version(name) for name in ("hydra-core", "omegaconf")]).encode())
    return content.hexdigest()


def constants(typed: Sequence[str], params: Mapping[str, str] | None) -> list[str]:
    """The words of the command line that are in every job: all but those of keys that the task's sweep varies."""
    return [word for word in typed if word.partition("=")[0] not in (params or {})]
