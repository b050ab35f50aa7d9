"""Look a named option up, or tell the user which ones there are."""

from collections.abc import Mapping
from typing import TypeVar

from dlexp.errors import InputError

Name = TypeVar("Name", str, int)
Option = TypeVar("Option")


def choose(key: str, name: Name, options: Mapping[Name, Option]) -> Option:
    """Return `options[name]`; `key` is the config key that `name` came from, for the message.

    Raises:
        InputError: there is no such option.
    """
    if name not in options:
        raise InputError(f"{key}={name} is not an option, choose one of: {', '.join(map(str, options))}")
    return options[name]
