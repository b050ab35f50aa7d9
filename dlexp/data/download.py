"""Fetches a published file: mirrors in order, resumed where it broke off, checked, put in place whole."""

import fcntl
import logging
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import BinaryIO
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from dlexp.data.checksum import md5
from dlexp.errors import InputError

log = logging.getLogger(__name__)

TIMEOUT = 30  # seconds in which a server sends nothing
CHUNK = 1 << 16  # bytes
MAX_BYTES = 200_000_000  # the largest file here, CIFAR-10's archive, has 170 MB


@dataclass(frozen=True)
class RemoteFile:
    """A file as published: where it lies below the data folder, its md5, and where it can be had."""

    path: str
    md5: str
    urls: tuple[str, ...]


class _Unavailable(Exception):
    """A server did not give the file, for the reason in the message."""


def fetch(file: RemoteFile, folder: Path, *, verify: bool) -> Path:
    """Path of the file, downloaded if it is not there. A file that is there is not looked into.

    Without `verify` a complete download is kept even if its md5 is not the published one.
    """
    path = folder / file.path
    if path.exists():
        return path
    partial = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _locked(partial) as part:
            if path.exists():  # another process fetched it while this one waited
                partial.unlink(missing_ok=True)
            else:
                _download(file, part, path, verify=verify)
                os.replace(partial, path)
    except OSError as error:  # of the disk: those of the network never come this far
        raise cannot_write(path, error) from error
    return path


def cannot_write(path: Path, error: OSError) -> InputError:
    """What to tell the user when the disk is full or the folder read-only."""
    return InputError(f"cannot write {path}: {error.strerror or error}; make room, or choose another data_dir=FOLDER")


@contextmanager
def _locked(partial: Path) -> Iterator[BinaryIO]:
    """The partial file, open to append and closed to every other process that asks here.

    Unbuffered, so that a full disk is reported by the write and not again by the close.
    """
    with partial.open("a+b", buffering=0) as part:
        try:
            fcntl.flock(part, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            log.info("waiting for another process that downloads %s", partial.with_suffix(""))
            fcntl.flock(part, fcntl.LOCK_EX)
        yield part


def _download(file: RemoteFile, part: BinaryIO, path: Path, *, verify: bool) -> None:
    """Makes `part` the published file, from the first server that has it."""
    failures = []
    for url in file.urls:
        log.info("downloading %s to %s", url, path)
        try:
            resumed = _complete(part, url, path)
            if resumed and not _matches(part, file.md5):
                part.truncate(0)  # what an earlier attempt had left was not the beginning of this file
                _complete(part, url, path)
            if not verify or _matches(part, file.md5):
                return
            part.truncate(0)
            failures.append(f"{url} (it sends another file: its md5 is not {file.md5})")
        except _Unavailable as reason:
            failures.append(f"{url} ({reason})")
    raise InputError(
        f"cannot download {path.name} from {', '.join(failures)}: "
        f"put the file into {path.parent} by hand, or use data=digits, which needs no download"
    )


def _matches(part: BinaryIO, expected: str) -> bool:
    part.seek(0)
    return md5(part) == expected


def _complete(part: BinaryIO, url: str, path: Path) -> bool:
    """Appends what is missing, and asks again after an interruption as long as asking brings bytes.

    True if it built upon bytes that were there before.
    """
    built_upon = furthest = part.seek(0, os.SEEK_END)
    while True:
        have = part.seek(0, os.SEEK_END)
        request = Request(url, headers={"User-Agent": "dlexp"} | ({"Range": f"bytes={have}-"} if have else {}))
        try:
            with urlopen(request, timeout=TIMEOUT) as response:
                if have and response.status != HTTPStatus.PARTIAL_CONTENT:  # it sends the whole nevertheless
                    part.truncate(0)
                    have = built_upon = 0
                length = response.headers["Content-Length"]
                total = have + int(length) if length else None
                _append(part, response, total, path)
            if total is None or part.tell() == total:
                return built_upon > 0
            reason = "the connection broke off"
        except HTTPError as error:
            if error.code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and have:  # nothing is missing
                return built_upon > 0
            raise _Unavailable(f"HTTP {error.code} {error.reason}") from error
        except URLError as error:
            reason = str(getattr(error.reason, "strerror", None) or error.reason)
        except (OSError, HTTPException, ValueError) as error:
            reason = str(error) or type(error).__name__
        if part.seek(0, os.SEEK_END) <= furthest:
            raise _Unavailable(reason)
        furthest = part.tell()


def _append(part: BinaryIO, response: HTTPResponse, total: int | None, path: Path) -> None:
    """Writes what the server sends, with a line on the terminal that changes once a second."""
    shown, of_total = time.monotonic(), f" of {total / 1e6:.1f}" if total else ""
    terminal = sys.stderr.isatty()
    while chunk := response.read(CHUNK):
        try:
            rest = memoryview(chunk)
            while rest:  # an unbuffered write may take less than it is given
                rest = rest[part.write(rest) :]
        except OSError as error:
            raise cannot_write(path, error) from error
        if part.tell() > MAX_BYTES:
            part.truncate(0)
            raise _Unavailable(f"it sends more than {MAX_BYTES:,} bytes")
        if terminal and time.monotonic() - shown >= 1:
            shown = time.monotonic()
            print(f"\r{path.name}: {part.tell() / 1e6:.1f}{of_total} MB", end="", file=sys.stderr, flush=True)
    if terminal:
        print("\r\033[K", end="", file=sys.stderr, flush=True)  # clears the line
