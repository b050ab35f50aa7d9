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

NUMBERED = re.compile(r"\d{4}\.png")


def check_place(folder: Path, overview: str) -> None:
    """InputError unless `folder` is new, empty, or holds nothing but what the same command wrote before."""
    if folder.exists() and not folder.is_dir():
        raise InputError(f"out={folder}: there is a file of that name")
    others = [path.name for path in folder.iterdir() if not is_ours(path.name, overview)] if folder.is_dir() else []
    if others:
        raise InputError(f"out={folder} holds other files, such as {min(others)}: give another folder")


def is_ours(name: str, overview: str) -> bool:
    return name == overview or bool(NUMBERED.fullmatch(name))


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
        (draft / name).write_bytes(content)
        for number, picture in enumerate(pixels):
            (draft / f"{number:04}.png").write_bytes(png(picture))
        if folder.exists():
            shutil.rmtree(folder)
        draft.rename(folder)
    except OSError as error:
        raise InputError(f"cannot write {folder}: {error.strerror or error}; give another folder as out") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
