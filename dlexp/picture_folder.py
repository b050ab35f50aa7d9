"""A folder of pictures, written whole or not at all."""

import io
import os
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from dlexp.errors import InputError

if TYPE_CHECKING:
    import numpy as np

MARK = re.compile(r"dlexp wrote (\d{1,5}) pictures")  # the comment in an overview's file


def check_place(folder: Path, overview: str) -> None:
    """InputError unless `folder` is new, empty, or holds nothing but what the same command wrote before.

    That is an overview with our mark, and no number beyond the count that the mark gives.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(f"out={folder}: there is a file of that name")
    try:
        ours = names(folder / overview)
        there = list(folder.iterdir()) if folder.is_dir() else []
        others = [path.name for path in there if path.name not in ours or path.is_dir()]
    except OSError as error:
        raise InputError(f"cannot read {folder}: {error.strerror or error}; give another folder as out") from error
    if others:
        raise InputError(f"out={folder} holds other files, such as {min(others)}: give another folder")


def names(overview: Path) -> set[str]:
    """Of the files that were written together with this overview; none if it is not one of ours."""
    from PIL import Image, UnidentifiedImageError

    if not overview.is_file():
        return set()
    try:
        with Image.open(overview) as picture:
            mark = MARK.fullmatch(str(picture.info.get("Comment")))
    except UnidentifiedImageError:
        return set()
    return {overview.name, *(f"{number:04}.png" for number in range(int(mark[1])))} if mark else set()


def marked(content: bytes, count: int) -> bytes:
    """The PNG of an overview with a comment that says how many pictures were written beside it."""
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    words, file = PngInfo(), io.BytesIO()
    words.add_text("Comment", f"dlexp wrote {count} pictures")
    Image.open(io.BytesIO(content)).save(file, "PNG", pnginfo=words)
    return file.getvalue()


def png(pixels: "np.ndarray") -> bytes:
    """The file of a picture uint8 (H, W, 1 or 3)."""
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(pixels.squeeze(-1) if pixels.shape[-1] == 1 else pixels).save(file, "PNG")
    return file.getvalue()


def write_pictures(folder: Path, overview: tuple[str, bytes], images: "np.ndarray") -> None:
    """`overview`, its name and PNG, and `images` float (N, C, H, W), 0..1, as 0000.png, …; older ones make way."""
    import numpy as np

    name, content = overview
    check_place(folder, name)
    folder = folder.resolve()
    draft = folder.with_name(f".{folder.name}.{os.getpid()}.tmp")
    pixels = (np.clip(images, 0, 1) * 255).round().astype(np.uint8).transpose(0, 2, 3, 1)  # (N, H, W, C)
    try:
        draft.mkdir(parents=True)
        (draft / name).write_bytes(marked(content, len(images)))
        for number, picture in enumerate(pixels):
            (draft / f"{number:04}.png").write_bytes(png(picture))
        if folder.exists():
            shutil.rmtree(folder)
        draft.rename(folder)
    except OSError as error:
        raise InputError(f"cannot write {folder}: {error.strerror or error}; give another folder as out") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
