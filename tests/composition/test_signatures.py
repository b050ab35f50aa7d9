"""Signatures read from source against those that Python has after importing."""

import inspect
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest
from hydra.utils import get_object
from omegaconf import DictConfig, OmegaConf

from dlexp.composition.groups import CONF
from dlexp.composition.signatures import Signature, signature
from dlexp.errors import InputError

LIBRARIES = [
    *(f"torch.optim.{name}" for name in ("SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "Adadelta", "Muon", "LBFGS")),
    *(f"torch.optim.lr_scheduler.{name}" for name in ("StepLR", "OneCycleLR", "CosineAnnealingLR", "LambdaLR")),
    "torch.nn.Linear",
    "torch.nn.Sequential",
    "torch.nn.functional.cross_entropy",
    "torchvision.models.resnet18",
    "torchvision.models.ResNet",
    "torchmetrics.classification.MulticlassAccuracy",
    "lightning.pytorch.Trainer",
    "lightning.pytorch.Trainer.fit",
    "lightning.pytorch.callbacks.EarlyStopping",
    "lightning.pytorch.callbacks.ModelCheckpoint",
    "lightning.pytorch.callbacks.Timer",
    "lightning.pytorch.loggers.TensorBoardLogger",
    "lightning.pytorch.LightningDataModule.from_datasets",
    "dlexp.composition.signatures.Signature",
    "dlexp.composition.signatures.signature",
]


def targets_of_conf() -> list[str]:
    found = set()
    for file in CONF.rglob("*.yaml"):
        nodes = [OmegaConf.load(file)]
        while nodes:
            node = nodes.pop()
            if isinstance(node, DictConfig):
                found |= {node._target_} if "_target_" in node else set()
                nodes += [value for _, value in node.items_ex(resolve=False)]
    return sorted(found)


@pytest.mark.parametrize("target", [*LIBRARIES, *targets_of_conf()])
def test_equals_the_imported_signature(target: str) -> None:
    parameters = inspect.signature(get_object(target)).parameters.values()
    named = [p for p in parameters if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]

    found = signature(target)

    assert found is not None
    assert found.parameters == tuple(p.name for p in named)
    assert set(found.required) == {p.name for p in named if p.default is p.empty}
    assert found.any_keyword == any(p.kind is p.VAR_KEYWORD for p in parameters)


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A package of a user's own, which cannot be imported; its name is new for each test."""
    name = f"own_{tmp_path.name}".replace("-", "_")
    files = {
        "__init__.py": """
            raise RuntimeError("imported")
            from . import nets as networks
            from .nets import Net, Child as Kid
            from .starred import *
        """,
        "nets.py": """
            import abc
            from dataclasses import dataclass, field, KW_ONLY
            from typing import ClassVar, Generic, Optional, TypeVar, Union
            import {name}.starred as other
            from elsewhere import Unknown

            class Base(abc.ABC, Generic[T]):
                def __init__(self, size, *, depth: int = 2, rate: "float | None" = 0.1): ...
                @classmethod
                def small(cls, width: Optional[int]): ...
                @staticmethod
                def large(width: Union[int, str, None]): ...
            class Left(Base[int]): pass
            class Right(Base[int]):
                def __init__(self, right): ...
            class Child(Left, Right):
                class Inner: pass
            class Net(other.Star):
                def __init__(self, width, /, height: list[int], *sizes, **options): ...
            class Lost(Unknown): pass
            class Own(Unknown):
                def __init__(self, a): ...
            @dataclass
            class Point:
                x: int
                kind: ClassVar[str]
                hidden: int = field(init=False)
                y: float = field(default=0.0)
            @dataclass
            class Point3(Point):
                _: KW_ONLY
                z: float
                names: list = field(default_factory=list)
                note: str = field(repr=False)
            made = make()
            Alias = Net
            try:
                from quick import fast
            except ImportError:
                def fast(a): ...
            if small:
                def either(a): ...
            else:
                def either(b): ...
        """,
        "starred.py": """
            class Star:
                def __new__(cls, ray): ...
            def shine(*, bright: bool): ...
        """,
        "dynamic.py": "globals().update(made_up())",
        "broken.py": "def f(:",
        "nets_too/deep.py": "def f(a): ...",
    }
    for path, text in files.items():
        file = tmp_path / name / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(dedent(text).replace("{name}", name))
    monkeypatch.syspath_prepend(tmp_path)
    return name


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("nets.Base", Signature(("size", "depth", "rate"), ("size",))),
        ("Kid", Signature(("right",), ("right",))),  # Left has none of its own, and Right comes before Base
        ("networks.Net", Signature(("height",), ("width", "height"), any_keyword=True)),
        ("Net", Signature(("height",), ("width", "height"), any_keyword=True)),
        ("nets.Alias", Signature(("height",), ("width", "height"), any_keyword=True)),
        ("Star", Signature(("ray",), ("ray",))),
        ("nets.other.Star", Signature(("ray",), ("ray",))),
        ("shine", Signature(("bright",), ("bright",))),
        ("nets.Child.small", Signature(("width",), ("width",))),
        ("nets.Child.large", Signature(("width",), ("width",))),
        ("nets.Child.Inner", Signature(())),
        ("nets.Own", Signature(("a",), ("a",))),
        ("nets.Point", Signature(("x", "y"), ("x",))),
        ("nets.Point3", Signature(("x", "y", "z", "names", "note"), ("x", "z", "note"))),
        ("nets.either", Signature(("a",), ("a",))),
        ("nets_too.deep.f", Signature(("a",), ("a",))),
        ("nets.Lost", None),
        ("nets.made", None),
        ("nets.fast", None),
        ("dynamic.anything", None),
    ],
)
def test_own_package(package: str, target: str, expected: Signature | None) -> None:
    found = signature(f"{package}.{target}")
    if expected is None:
        assert found is None
    else:
        assert (found.parameters, found.required, found.any_keyword) == (
            expected.parameters,
            expected.required,
            expected.any_keyword,
        )
    assert package not in sys.modules


def test_plain_types(package: str) -> None:
    assert signature(f"{package}.nets.Base").types == {"depth": {"int"}, "rate": {"float", "None"}}
    assert signature(f"{package}.nets.Base.small").types == {"width": {"int", "None"}}
    assert signature(f"{package}.nets.Base.large").types == {"width": {"int", "str", "None"}}
    assert signature(f"{package}.nets.Net").types == {}
    assert signature(f"{package}.nets.Point").types == {"x": {"int"}, "y": {"float"}}


@pytest.mark.parametrize(
    ("target", "line"),
    [
        ("{}.nets.Nett", "{}.nets has no 'Nett' (did you mean 'Net'?)"),
        ("{}.nots.Net", "{} has no 'nots' (did you mean 'nets'?)"),
        ("{}.nets.Child.smal", "Child has no 'smal' (did you mean 'small'?)"),
        ("{}.starred", "{}.starred is a module: name a class or function in it, such as {}.starred.Star"),
        ("{}.broken.f", "line 1 of {}.broken is not Python: invalid syntax"),
        ("torhc.optim.SGD", "there is no module 'torhc' (did you mean 'torch'?)"),
        ("torch.optm.SGD", "torch has no 'optm' (did you mean 'optim'?)"),
        ("torch.optim.SDG", "torch.optim has no 'SDG' (did you mean 'SGD'?)"),
        ("lightning.pytorch.Trainr", "lightning.pytorch has no 'Trainr' (did you mean 'Trainer'?)"),
        ("qwxz.Net", "there is no module 'qwxz': install it, or put its folder on PYTHONPATH"),
        ("Net", "'Net' is not a dotted path such as torch.optim.SGD"),
        (".nets.Net", "'.nets.Net' is not a dotted path such as torch.optim.SGD"),
    ],
)
def test_errors(package: str, target: str, line: str) -> None:
    with pytest.raises(InputError) as error:
        signature(target.replace("{}", package))
    assert str(error.value) == line.replace("{}", package)


@pytest.mark.parametrize("target", ["torch.relu", "numpy.array", "functools.partial", "builtins.dict", "math.sqrt"])
def test_what_no_source_tells(target: str) -> None:
    assert signature(target) is None


def test_imports_nothing() -> None:
    code = dedent(f"""
        import sys
        from dlexp.composition.signatures import signature
        before = set(sys.modules)
        for target in {[target for target in LIBRARIES if not target.startswith("dlexp")]}:
            signature(target)
        print(sorted({{name.partition(".")[0] for name in set(sys.modules) - before}}))
    """)
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
