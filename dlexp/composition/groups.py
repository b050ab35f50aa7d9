"""The config groups and their options: the folders of conf/ and of the user's own --config-dir."""

from argparse import ArgumentParser
from pathlib import Path

PACKAGE = Path(__file__).resolve().parents[1]
CONF = PACKAGE / "conf" if (PACKAGE / "conf").is_dir() else PACKAGE.parent / "conf"  # a wheel's, a checkout's


def groups() -> dict[str, set[str]]:
    """`{"model": {"lenet", …}, …}`, as this command line sees them."""
    parser = ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("--config-dir", "-cd", type=Path, nargs="?")
    found: dict[str, set[str]] = {}
    for folder in filter(None, (CONF, parser.parse_known_args()[0].config_dir)):
        for file in folder.rglob("*.yaml"):
            group = file.parent.relative_to(folder).as_posix()
            if group != ".":
                found.setdefault(group, set()).add(file.stem)
    return found
