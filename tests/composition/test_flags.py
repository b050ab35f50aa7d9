"""Typos in flags."""

import pytest

from dlexp.composition.flags import check_flags
from dlexp.errors import InputError


@pytest.mark.parametrize("words", ["", "-m model=lenet", "model=lenet seed=1 -m", "--cfg job a=1", "--config-dir x -m"])
def test_sound(words: str) -> None:
    check_flags(words.split())


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("--multirn", "there is no flag --multirn (did you mean '--multirun'?)"),
        ("model=lenet --confg-dir x", "there is no flag --confg-dir (did you mean '--config-dir'?)"),
        ("a=1 -m b=2", "b=2 stands between flags: put flags such as -m before or after all other words"),
        ("--cfg jobb", "argument --cfg/-c: invalid choice: 'jobb' (choose from"),
        ("--config-dir", "argument --config-dir/-cd: expected one argument"),
    ],
)
def test_unsound(words: str, line: str) -> None:
    with pytest.raises(InputError) as error:
        check_flags(words.split())
    assert str(error.value).startswith(line)
