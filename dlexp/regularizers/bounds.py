"""Arguments that cannot be, refused in one line."""

from dlexp.errors import InputError


def at_least_zero(key: str, value: float) -> float:
    """`value`, or InputError. `key` is its place in the config: `regularizer.l1.strength`."""
    if not value >= 0:
        raise InputError(f"{key}={value}: give a number, 0 or more")
    return value


def share(key: str, value: float) -> float:
    """`value`, or InputError unless it lies in 0..1."""
    if not 0 <= value <= 1:
        raise InputError(f"{key}={value}: give a share, 0 to 1")
    return value
