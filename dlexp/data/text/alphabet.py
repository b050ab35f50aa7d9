"""Characters and their numbers: 1 is the commonest of a text, 0 stands for all that were left out."""

import numpy as np

UNKNOWN = "\N{REPLACEMENT CHARACTER}"  # how number 0 is written


def alphabet_of(text: str, most: int) -> str:
    """The commonest characters, at most `most` of them and the commonest first; equals in the order of Unicode."""
    points, counts = np.unique(code_points(text), return_counts=True)
    return "".join(map(chr, points[np.argsort(-counts, kind="stable")[:most]]))


def numbers(text: str, alphabet: str) -> np.ndarray:
    """int16 (N,): the place of each character in `alphabet`, from 1; 0 where it has none."""
    known = code_points(alphabet)
    order = np.argsort(known)
    points = code_points(text)
    place = order[np.searchsorted(known, points, sorter=order).clip(max=len(known) - 1)]
    return np.where(known[place] == points, place + 1, 0).astype(np.int16)


def written(numbers: np.ndarray, alphabet: str) -> str:
    """The characters that the numbers (N,) stand for."""
    letters = code_points(UNKNOWN + alphabet)
    return letters[numbers].tobytes().decode("utf-32-le")


def code_points(text: str) -> np.ndarray:
    """uint32 (N,)."""
    return np.frombuffer(text.encode("utf-32-le"), np.dtype("<u4"))
