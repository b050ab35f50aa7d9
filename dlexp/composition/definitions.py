"""From a dotted path to the class or function that it names, through re-exports and base classes."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from pkgutil import iter_modules

from dlexp.composition.modules import CannotTell, Link, Module, Scope, load
from dlexp.composition.nearest import nearest
from dlexp.errors import InputError

PLAIN_BASES = {"object", "Generic", "Protocol", "ABC"}  # they add nothing to a constructor


class Absent(InputError):
    """There is no such module, or no such name in it."""


@dataclass(frozen=True)
class Definition:
    """A class or function and the module that it stands in."""

    module: Module
    node: ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    bound: bool = False  # a classmethod: its first parameter is filled in

    @property
    def is_class(self) -> bool:
        return isinstance(self.node, ast.ClassDef)


def find(path: str) -> Definition | Module:
    """Follow a dotted path: as far as there are modules, and from there by name.

    Where that fails, fewer parts are taken as modules, since a name may hide a module that is called the
    same. Raises Absent, or CannotTell.
    """
    parts = path.split(".")
    if not all(part.isidentifier() for part in parts) or (len(parts) == 1 and not load(path)):
        raise Absent(f"'{path}' is not a dotted path such as torch.optim.SGD")
    modules: list[Module] = []
    while len(modules) < max(1, len(parts) - 1) and (module := load(".".join(parts[: len(modules) + 1]))):
        modules.append(module)
    if not modules:
        likely = nearest(parts[0], {module.name for module in iter_modules()})
        raise Absent(f"there is no module '{parts[0]}'{likely or ': install it, or put its folder on PYTHONPATH'}")
    errors = []
    for depth in range(len(modules), 0, -1):
        found = modules[depth - 1]
        try:
            for name in parts[depth:-1]:
                found = member(found, name, final=False)
            return member(found, parts[-1]) if depth < len(parts) else found
        except Absent as error:
            errors.append(error)
    raise errors[0]


def member(owner: Module | Definition, name: str, *, final: bool = True) -> Definition | Module:
    """What `owner.name` is; final unless more names follow."""
    if isinstance(owner, Definition):
        return class_member(owner, name)
    if name in owner.scope.bindings:
        return follow(owner, owner.scope.bindings[name])
    dynamic = owner.dynamic
    for star in filter(None, map(load, owner.scope.stars)):  # None: under an `if` that does not hold here
        try:
            return member(star, name, final=final)
        except Absent:
            continue
        except CannotTell:
            dynamic = True
    child = load(f"{owner.name}.{name}")
    if child:
        return child
    children = [module.name for module in iter_modules(owner.folders or [])]
    mistyped = not final and get_close_matches(name, children, cutoff=0.8)  # torch.optm.SGD
    if dynamic and not mistyped:
        raise CannotTell
    options = [option for option in (*children, *owner.scope.bindings) if not option.startswith("_")]
    raise Absent(f"{owner.name} has no '{name}'{nearest(name, mistyped or options)}")


def follow(module: Module, binding: ast.AST | Link | None) -> Definition | Module:
    """What a name or an expression of the module stands for."""
    match binding:
        case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
            return Definition(module, binding)
        case Link(name=None):
            return imported(binding.module)
        case Link() if binding.module == module.name:  # `from . import child` in a package's own __init__
            return imported(f"{module.name}.{binding.name}")
        case Link():
            return member(imported(binding.module), binding.name)
        case ast.Name() if binding.id in module.scope.bindings or module.scope.stars:
            return member(module, binding.id)
        case ast.Attribute():
            return member(follow(module, binding.value), binding.attr)
        case _:
            raise CannotTell


def imported(name: str) -> Module:
    """A module that another one imports; what is not installed may be optional there."""
    module = load(name)
    if module is None:
        raise CannotTell
    return module


def class_member(owner: Definition, name: str) -> Definition:
    """A method, or a class within a class."""
    if not owner.is_class:
        raise CannotTell
    known: list[str] = []
    for ancestor in ancestry(owner):
        scope = Scope(ancestor.node.body).bindings
        node = scope.get(name)
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            bound = any(last_name(decorator) == "classmethod" for decorator in node.decorator_list)
            return Definition(ancestor.module, node, bound)
        if name in scope:
            raise CannotTell
        known += [option for option in scope if not option.startswith("_")]
    raise Absent(f"{owner.node.name} has no '{name}'{nearest(name, known)}")


def ancestry(definition: Definition) -> Iterator[Definition]:
    """The class and those it inherits from, in the order of method resolution; bases are opened on demand."""
    yield definition
    inherited = [ancestor for base in bases(definition) for ancestor in ancestry(base)]
    for i, ancestor in enumerate(inherited):
        if ancestor not in inherited[i + 1 :]:  # reached by two ways: the later place counts
            yield ancestor


def bases(definition: Definition) -> Iterator[Definition]:
    for expression in definition.node.bases:
        base = expression.value if isinstance(expression, ast.Subscript) else expression  # Base[T]
        if last_name(base) in PLAIN_BASES:
            continue
        try:
            found = follow(definition.module, base)
        except Absent:
            raise CannotTell from None
        if isinstance(found, Module) or not found.is_class:
            raise CannotTell
        yield found


def last_name(expression: ast.expr | None) -> str:
    """'c' of `c`, `a.b.c`, `a.b.c[…]` and `a.b.c(…)`."""
    match expression:
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return name
        case ast.Subscript(value=inner) | ast.Call(func=inner):
            return last_name(inner)
        case _:
            return ""
