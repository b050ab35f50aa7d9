"""Look a named option up, or tell the user which ones there are."""

from collections.abc import Hashable, Mapping
from typing import TypeVar

from dlexp.errors import InputError

Name = TypeVar("Name", str, int)
Option = TypeVar("Option")


def choose(key: str, name: Name, options: Mapping[Name, Option]) -> Option:
    """Return `options[name]`; `key` is the config key that `name` came from, for the message.

    Raises:
        InputError: there is no such option.
    """
    if not isinstance(name, Hashable) or name not in options:  # a list is not
        raise InputError(f"{key}={name} is not an option, choose one of: {', '.join(map(str, options))}")
    return options[name]
