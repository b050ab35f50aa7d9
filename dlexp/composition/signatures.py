"""What a `_target_` takes, read from its source: nothing is imported, so neither is torch."""

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache

from dlexp.composition.definitions import Definition, ancestry, find, last_name
from dlexp.composition.modules import CannotTell, Module, Scope
from dlexp.errors import InputError

PLAIN_TYPES = {
    "int",
    "float",
    "bool",
    "str",
    "Tensor",
}  # a config holds no Tensor: `float | Tensor` is a float


@dataclass(frozen=True)
class Signature:
    """The keywords that a class or function can be called with."""

    parameters: tuple[str, ...]
    required: tuple[str, ...] = ()
    any_keyword: bool = False
    types: Mapping[str, frozenset[str]] = field(default_factory=dict)  # of those annotated with plain types only


@cache
def signature(target: str) -> Signature | None:
    """What the dotted path takes, or None where its source does not tell (C extensions, generated code).

    Raises InputError when there is no such module, no such name in it, or a module of that name.
    """
    try:
        definition = find(target)
        if isinstance(definition, Module):
            inside = [name for name, node in definition.scope.bindings.items() if isinstance(node, ast.ClassDef)]
            example = f", such as {target}.{inside[-1]}" if inside else ""
            raise InputError(f"{target} is a module: name a class or function in it{example}")
        return constructor(definition) if definition.is_class else read(definition.node, definition.bound)
    except SyntaxError as error:
        raise InputError(f"line {error.lineno} of {error.filename} is not Python: {error.msg}") from error
    except (CannotTell, RecursionError):  # RecursionError: modules that import a name from each other
        return None


def constructor(definition: Definition) -> Signature:
    """The signature of a class: the nearest constructor among its ancestors."""
    for ancestor in ancestry(definition):
        scope = Scope(ancestor.node.body).bindings
        init = scope["__init__"] if "__init__" in scope else scope.get("__new__")
        if isinstance(init, ast.FunctionDef):
            return read(init, bound=True)
        if is_dataclass(ancestor):
            return fields(ancestor)
        if init is not None or ancestor.node.decorator_list:  # a decorator may have added a constructor
            raise CannotTell
    return Signature(parameters=())


def read(node: ast.FunctionDef | ast.AsyncFunctionDef, bound: bool) -> Signature:
    """What a `def` states; bound leaves out its first parameter, self or cls."""
    given = node.args
    positional = [*given.posonlyargs, *given.args]
    filled = positional[:1] if bound else []
    needed = positional[: len(positional) - len(given.defaults)]
    needed += [p for p, default in zip(given.kwonlyargs, given.kw_defaults, strict=True) if default is None]
    named = [p for p in (*given.args, *given.kwonlyargs) if p not in filled]
    return Signature(
        parameters=tuple(p.arg for p in named),
        required=tuple(p.arg for p in needed if p not in filled),
        any_keyword=given.kwarg is not None,
        types={p.arg: types for p in named if (types := plain_types(p.annotation))},
    )


def is_dataclass(definition: Definition) -> bool:
    return any(last_name(decorator) == "dataclass" for decorator in definition.node.decorator_list)


def fields(definition: Definition) -> Signature:
    """The constructor that @dataclass makes of annotated names, those of its bases first."""
    annotated: dict[str, ast.AnnAssign] = {}
    for ancestor in reversed(list(ancestry(definition))):
        if is_dataclass(ancestor):
            annotated |= {s.target.id: s for s in ancestor.node.body if isinstance(s, ast.AnnAssign)}
    parameters = {n: s for n, s in annotated.items() if last_name(s.annotation) not in ("ClassVar", "KW_ONLY")}
    required = []
    for name, statement in list(parameters.items()):
        options = {}
        if is_field := isinstance(statement.value, ast.Call) and last_name(statement.value) == "field":
            options = {keyword.arg: keyword.value for keyword in statement.value.keywords}
        if "init" in options and options["init"].value is False:
            del parameters[name]
        elif not (options.keys() & {"default", "default_factory"} if is_field else statement.value):
            required.append(name)
    types = {name: plain_types(statement.annotation) for name, statement in parameters.items()}
    return Signature(tuple(parameters), tuple(required), types={name: t for name, t in types.items() if t})


def plain_types(annotation: ast.expr | None) -> frozenset[str]:
    """The alternatives of an annotation such as `int | None`; empty unless all of them are plain types."""
    match annotation:
        case ast.Constant(value=None):
            return frozenset({"None"})
        case ast.Constant(value=str(text)):
            return plain_types(ast.parse(text, mode="eval").body)
        case ast.Name(id=name) if name in PLAIN_TYPES:
            return frozenset({name})
        case ast.BinOp(op=ast.BitOr()):
            alternatives = [annotation.left, annotation.right]
        case ast.Subscript(slice=ast.Tuple(elts=alternatives)) if last_name(annotation) == "Union":
            pass
        case ast.Subscript(slice=inner) if last_name(annotation) == "Optional":
            alternatives = [inner, ast.Constant(None)]
        case _:
            return frozenset()
    parts = [plain_types(alternative) for alternative in alternatives]
    return frozenset().union(*parts) if all(parts) else frozenset()
