"""How many of something a callback is to show or to look at."""

from dlexp.errors import InputError


def check_counts(callback: str, **counts: int) -> None:
    """InputError for a count below 1, found before anything is trained; `callback` is its key in the config."""
    for name, count in counts.items():
        if not isinstance(count, int) or count < 1:
            raise InputError(f"callbacks.{callback}.{name}={count}: give a whole number, 1 or more")
