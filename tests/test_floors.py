"""Imports go strictly down the floors, and rooms of floor 1 meet in the config only."""

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "dlexp"
STAIRS = (  # from the ground up: what stands on a step imports from steps below, never from its own
    {"errors"},  # floor 0
    {"arguments"},
    {"layers", "losses", "metrics", "optim", "regularizers", "reporting"},
    {"tasks", "models", "data", "callbacks", "loggers"},  # floor 1
    {"schema", "composition", "identity", "cost", "checkpoint_file", "checkpoint_io"},  # floor 2
    {"record", "comparison", "trainer"},
    {"tuning", "judge"},
    {"run"},
    {"studies"},
    {"plugins"},
    {"evaluate", "report", "image_file", "trained", "picture_folder"},  # floor 3
    {"generation"},
    {"predict", "generate", "reconstruct", "__main__"},
)
STEP = {room: step for step, rooms in enumerate(STAIRS) for room in rooms}


def modules() -> dict[str, str]:
    """Dotted path within dlexp and source of every file: `models.vision.lenet`."""
    return {
        ".".join(path.relative_to(PACKAGE).with_suffix("").parts): path.read_text()
        for path in sorted(PACKAGE.rglob("*.py"))
    }


def imported(module: str, source: str) -> Iterator[str]:
    """The modules of dlexp that it imports anywhere, within functions and for type checking as well."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = ["dlexp", *module.split(".")][: -node.level] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            names = [f"{base}.{alias.name}" for alias in node.names]
        else:
            continue
        yield from (name.removeprefix("dlexp.") for name in names if name.startswith("dlexp."))


def violations(sources: Mapping[str, str]) -> list[str]:
    found = []
    for module, source in sources.items():
        room = module.partition(".")[0]
        if room not in STEP and room != "__init__":
            found.append(f"{room} stands on no floor: give it a place in STAIRS")
            continue
        for name in imported(module, source):
            other = name.partition(".")[0]
            if other != room and STEP.get(other, len(STAIRS)) >= STEP.get(room, 0):
                found.append(f"{module} imports {name}")
    return found


def test_imports_go_strictly_down() -> None:
    assert violations(modules()) == []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("layers.block", "from dlexp.models.vision import lenet"),
        ("models.vision.lenet", "from dlexp.data.digits import Digits"),
        ("data.digits", "import dlexp.tasks.classification as c"),
        ("callbacks.speed", "def f():\n    from dlexp.loggers.tensorboard import TensorBoard"),
        ("tasks.vae", "from ..models import vision"),
        ("tasks.vae", "from dlexp import run"),
        ("optim.muon", "if True:\n    import dlexp.layers.choice"),
        ("record", "from dlexp.run import run"),
        ("models.vision.lenet", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import dlexp.callbacks"),
        ("__init__", "from dlexp.errors import InputError"),
        ("cellar", "import torch"),
    ],
)
def test_a_made_up_offender_is_found(module: str, source: str) -> None:
    assert len(violations({module: source})) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("models.vision.lenet", "from dlexp.layers.choice import choose\nfrom .block import Block"),
        ("predict", "from dlexp.evaluate import evaluate\nfrom dlexp import run"),
        ("tasks.vae", "import torch, dlexp.errors\nfrom ..errors import InputError"),
    ],
)
def test_a_made_up_inhabitant_is_not(module: str, source: str) -> None:
    assert violations({module: source}) == []


def test_packages_do_nothing_at_import() -> None:
    for module, source in modules().items():
        if module.endswith("__init__"):
            (docstring,) = ast.parse(source).body
            assert isinstance(docstring.value.value, str), module
