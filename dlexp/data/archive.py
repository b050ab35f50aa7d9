"""Unpacks a published .tar.gz: the files that belong in it, under their own names, and nothing else."""

import os
import tarfile
from collections.abc import Collection
from io import BytesIO
from pathlib import Path

from dlexp.data.bounded import read_bounded
from dlexp.data.download import cannot_write
from dlexp.errors import InputError


def unpack(
    archive: Path, target: Path, wanted: Collection[str], *, beside: Collection[str], max_file_bytes: int
) -> None:
    """Writes the wanted files into `target`, each under its name only when it is whole.

    All members lie in one folder, named like `target`, and `beside` lists what may be there. An archive
    with anything else in it is refused, and nothing is written.
    """
    content = read_bounded(archive, max_bytes=max_file_bytes * len(beside))
    contents = _read(archive, content, target.name, wanted, beside, max_file_bytes)
    missing = [name for name in wanted if name not in contents]
    if missing:
        raise InputError(f"{archive} lacks {', '.join(missing)}: delete it so that it is fetched again")
    try:
        target.mkdir(parents=True, exist_ok=True)
        for name in wanted:
            _write(target / name, contents[name])
    except OSError as error:
        raise cannot_write(target, error) from error


def _read(
    archive: Path,
    content: bytes,
    folder: str,
    wanted: Collection[str],
    beside: Collection[str],
    max_bytes: int,
) -> dict[str, bytes]:
    expected = {folder, *(f"{folder}/{name}" for name in beside)}
    contents = {}
    try:
        with tarfile.open(fileobj=BytesIO(content), mode="r:") as members:
            for member in members:
                # A sparse member of a few bytes may claim any size, and a tar may lead back to its start.
                if member.name not in expected or member.size > max_bytes:
                    raise InputError(f"{archive} is not as published: it has {member.name[:60]!r} in it; refused")
                expected.remove(member.name)
                name = member.name.removeprefix(f"{folder}/")
                if name in wanted and member.isreg():
                    contents[name] = members.extractfile(member).read()
    except InputError:
        raise
    except Exception as error:  # on damaged bytes tarfile fails in many ways
        raise InputError(f"{archive} is damaged: delete it so that it is fetched again") from error
    return contents


def _write(path: Path, content: bytes) -> None:
    """Whole or not at all, and without harm if another process writes the same at the same time."""
    partial = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        partial.write_bytes(content)
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)
