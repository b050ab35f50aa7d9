"""Flags such as -m and --cfg: Hydra's own parser would answer a typo with its whole usage."""

from typing import NoReturn

from hydra._internal.utils import get_args_parser

from dlexp.composition.nearest import nearest
from dlexp.errors import InputError


def check_flags(arguments: list[str]) -> None:
    """InputError if Hydra would not understand the command line (without the program's name)."""
    parser = get_args_parser()
    parser.error = refuse
    _, unknown = parser.parse_known_args(arguments)
    for word in unknown:
        if word.startswith("-"):
            flags = [flag for action in parser._actions for flag in action.option_strings]
            raise InputError(f"there is no flag {word}{nearest(word, flags)}")
        raise InputError(f"{word} stands between flags: put flags such as -m before or after all other words")


def refuse(message: str) -> NoReturn:
    raise InputError(message)
