"""A text to learn from: a file of the user's, or the play that comes with dlexp."""

from importlib.resources import files
from pathlib import Path

from dlexp.errors import InputError

EMBEDDED = "romeo_and_juliet.txt"  # Shakespeare's play of 1597, in the public domain: 134 kB
MOST_BYTES = 2_000_000_000


def read_text(path: str | None) -> str:
    """The whole file, in which every line ends with one line feed; None stands for the embedded play.

    InputError if there is no such file, or if it is empty, binary, not UTF-8, or too large to keep in memory.
    """
    if path is None:
        return (files("dlexp.data.text") / EMBEDDED).read_text(encoding="utf-8")
    if not isinstance(path, str):
        raise InputError(f"data.path={path}: give the path of a text file; one whose name is a number is ./{path}")
    try:
        file = Path(path).expanduser()
    except RuntimeError as error:
        raise InputError(f"data.path={path}: there is no such user's folder, give the whole path") from error
    try:
        size = file.stat().st_size
        if not file.is_file():
            raise InputError(f"data.path={path} is {'a folder' if file.is_dir() else 'no file'}: give a text file")
        if size > MOST_BYTES:
            raise InputError(f"data.path={path} has more than {MOST_BYTES // 10**9} GB: give a part of it")
        content = file.read_bytes()
    except FileNotFoundError as error:
        raise InputError(f"data.path={path}: there is no such file; null takes the embedded text") from error
    except OSError as error:
        raise InputError(f"data.path={path} cannot be read: {error.strerror or error}") from error
    if b"\0" in content:
        raise InputError(f"data.path={path} is a binary file: give a text file")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"data.path={path} is not UTF-8 text (byte {error.start:,}): convert it, for example by iconv -t UTF-8"
        ) from error
    if not text.strip():
        raise InputError(f"data.path={path} is empty: give a text file")
    return text.replace("\r\n", "\n").replace("\r", "\n")
