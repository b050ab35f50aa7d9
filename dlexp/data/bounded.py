"""Reads a file whole, unpacked if it is a .gz, but never more than it can rightly hold."""

import gzip
import zlib
from pathlib import Path

from dlexp.errors import InputError


def read_bounded(path: Path, max_bytes: int) -> bytes:
    """A .gz of a few kilobytes can unpack to gigabytes: more than `max_bytes` is refused, not read."""
    try:
        with gzip.open(path) if path.suffix == ".gz" else path.open("rb") as file:
            content = file.read(max_bytes + 1)  # reading past the end also makes gzip check its CRC
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise InputError(f"{path} is truncated or damaged: delete it so that it is fetched again") from error
    except OSError as error:
        raise InputError(f"cannot read {path}: {error.strerror or error}") from error
    if len(content) > max_bytes:
        raise InputError(f"{path} holds more than the {max_bytes:,} bytes that it can rightly hold: delete it")
    return content
