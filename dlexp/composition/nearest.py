"""The name that was probably meant."""

from collections.abc import Iterable
from difflib import get_close_matches

MOST_LISTED = 24


def closest(word: str, options: Iterable[str]) -> str | None:
    """The option most like the word, if any is, whatever the case of its letters.

    One that begins with the word goes before likeness: 'acc' is short for 'accuracy'. Of options that differ
    by case alone, the last counts.
    """
    names = {option.lower(): option for option in options}
    word = word.lower()
    longer = sorted((name for name in names if len(word) > 1 and name.startswith(word)), key=len)
    like = longer or get_close_matches(word, names, n=1)
    return names[like[0]] if like else None


def nearest(word: str, options: Iterable[str]) -> str:
    """The end of an error line: ` (did you mean 'x'?)`, or the options where they are few, or nothing."""
    options = list(dict.fromkeys(options))
    if likely := closest(word, options):
        return f" (did you mean '{likely}'?)"
    return f" (there is: {', '.join(sorted(options))})" if 0 < len(options) <= MOST_LISTED else ""
