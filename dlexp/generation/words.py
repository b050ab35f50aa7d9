"""The words of a command line, as n=64: read, and taken for what they are to be."""

import math
from collections.abc import Mapping, Sequence

from dlexp.composition.nearest import nearest
from dlexp.errors import InputError

MOST_SEED = 2**63 - 1


def read_words(words: Sequence[str], meanings: Mapping[str, str]) -> dict[str, str]:
    """`["n=64"]` as `{"n": "64"}`. InputError for a key without a meaning or a value."""
    found = {}
    for word in words:
        key, equals, value = word.partition("=")
        if key not in meanings:
            raise InputError(f"there is no word '{key}='{nearest(key, meanings)}")
        if not equals or not value:
            raise InputError(f"{word}: give a value, {key}=…, {meanings[key]}")
        found[key] = value
    return found


def check_use(words: Mapping[str, str], known: Mapping[str, str], what: str) -> None:
    """InputError for words that mean nothing to `what`, such as "a run that writes text"."""
    for key in words:
        if key not in known:
            raise InputError(f"{key}= means nothing to {what}: it takes {', '.join(f'{name}=' for name in known)}")


def whole_number(key: str, value: str, least: int, most: int) -> int:
    if not value.isdecimal() or not least <= int(value) <= most:
        raise InputError(f"{key}={value}: give a whole number, {least:,} to {most:,}")
    return int(value)


def number(key: str, value: str, least: float, most: float) -> float:
    try:
        found = float(value)
    except ValueError:
        found = math.nan
    if not least <= found <= most:
        raise InputError(f"{key}={value}: give a number, {least:g} to {most:g}")
    return found
