"""Compares files with their published md5."""

import hashlib
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

from dlexp.errors import InputError

log = logging.getLogger(__name__)


def md5(file: BinaryIO) -> str:
    """Hex digest of what is left of an open file."""
    return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def check(published: Mapping[Path, str], *, verify: bool) -> None:
    """Compares each file with the md5 published for it.

    Without `verify` a file that differs is accepted, and one warning names all of them.
    """
    different = []
    for path, expected in published.items():
        try:
            with path.open("rb") as file:
                found = md5(file)
        except OSError as error:
            raise InputError(f"cannot read {path}: {error.strerror or error}") from error
        if found == expected:
            continue
        if verify:
            raise InputError(
                f"{path} is not the published file (md5 {found}, published {expected}): "
                "delete it so that it is fetched again, or accept it with data.verify=false"
            )
        different.append(path)
    if different:
        names = ", ".join(path.name for path in different)
        log.warning("not the published files, used because data.verify=false: %s in %s", names, different[0].parent)
