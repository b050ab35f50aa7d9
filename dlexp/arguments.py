"""Numbers that a config gives, found to be wrong before anything is built."""

from dlexp.errors import InputError


def check_count(key: str, count: int, *, least: int = 1, otherwise: str = "") -> None:
    """InputError unless `count` is a whole number, `least` or more; `key` is where the config has it."""
    if not isinstance(count, int) or isinstance(count, bool) or count < least:
        raise InputError(f"{key}={count}: give a whole number, {least} or more{otherwise}")


def check_probability(key: str, probability: float) -> None:
    """InputError unless it is at least 0 and below 1."""
    if not isinstance(probability, int | float) or isinstance(probability, bool) or not 0 <= probability < 1:
        raise InputError(f"{key}={probability}: give a probability, 0 or more and below 1")
