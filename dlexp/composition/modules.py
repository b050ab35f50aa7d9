"""Modules as their source has them: found on sys.path and parsed, never imported."""

import ast
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, cached_property
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from pkgutil import get_importer

DYNAMIC = (
    "globals()",
    "__getattr__",
    "sys.modules",
    "exec(",
    "vars()",
)  # a module with one may have any name


class CannotTell(Exception):
    """The source alone does not say."""


@dataclass(frozen=True)
class Link:
    """`from module import name`; `import module` where name is None."""

    module: str
    name: str | None = None


class Module:
    """A module's source, read and parsed when it is first asked for a name."""

    def __init__(self, spec: ModuleSpec) -> None:
        self.name = spec.name
        self.loader = spec.loader
        self.folders = spec.submodule_search_locations  # None unless it is a package

    @cached_property
    def source(self) -> str | None:
        """None for a C extension, empty for a package without __init__."""
        if self.loader is None:
            return ""
        return self.loader.get_source(self.name) if hasattr(self.loader, "get_source") else None

    @cached_property
    def scope(self) -> "Scope":
        """Raises CannotTell where there is no Python source, SyntaxError where it is none."""
        if self.source is None:
            raise CannotTell
        package = self.name if self.folders is not None else self.name.rpartition(".")[0]
        return Scope(ast.parse(self.source, filename=self.name).body, package)

    @property
    def dynamic(self) -> bool:
        """Whether it may bind names that cannot be read off."""
        return any(sign in self.source for sign in DYNAMIC)


@cache
def load(name: str) -> Module | None:
    """The module of that name, or None."""
    package = name.rpartition(".")[0]
    if package:
        parent = load(package)
        finders = map(get_importer, parent.folders or ()) if parent else ()
        specs = (finder.find_spec(name) for finder in finders if finder)
        spec = next(filter(None, specs), None)
    else:
        try:
            spec = find_spec(name)  # of a name without dots: looks, but imports nothing
        except ValueError:  # a module made by hand, such as __main__
            spec = None
    return Module(spec) if spec else None


class Scope:
    """What the body of a module or class binds: names to definitions, links or expressions."""

    def __init__(self, statements: Iterable[ast.stmt], package: str = "") -> None:
        self.package = package
        self.bindings: dict[str, ast.AST | Link | None] = {}  # None: to what cannot be known
        self.stars: list[str] = []  # modules of `from module import *`
        self.bind(statements)

    def bind(self, statements: Iterable[ast.stmt]) -> None:
        """A name's last binding holds; the first branch of `if` and `try` holds over the others."""
        for statement in statements:
            match statement:
                case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
                    self.bindings[statement.name] = statement
                case ast.Import():
                    for alias in statement.names:
                        first = alias.name.partition(".")[0]
                        self.bindings[alias.asname or first] = Link(alias.name if alias.asname else first)
                case ast.ImportFrom():
                    self.bind_from(statement)
                case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                    self.bindings[name] = statement.value
                case ast.If():
                    self.bind([*statement.orelse, *statement.body])
                case ast.Try():
                    self.bind([inner for handler in statement.handlers for inner in handler.body])
                    self.bind([*statement.body, *statement.orelse, *statement.finalbody])
                case ast.With():
                    self.bind(statement.body)
                case _:
                    for node in ast.walk(statement):
                        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                            self.bindings.setdefault(node.id, None)

    def bind_from(self, statement: ast.ImportFrom) -> None:
        base = statement.module or ""
        if statement.level:  # one package up for every dot after the first
            above = self.package.split(".")
            above = above[: len(above) - statement.level + 1]
            base = ".".join([*above, base] if base else above)
        for alias in statement.names:
            if alias.name == "*":
                self.stars.append(base)
            else:
                self.bindings[alias.asname or alias.name] = Link(base, alias.name)
