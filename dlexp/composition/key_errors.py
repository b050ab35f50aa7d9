"""Keys that do not exist and values that do not fit, in the user's words."""

import re
from collections.abc import Iterable, Iterator

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import (
    GrammarParseError,
    InterpolationKeyError,
    InterpolationResolutionError,
    MissingMandatoryValue,
    OmegaConfBaseException,
    ValidationError,
)

from dlexp.composition.groups import groups
from dlexp.composition.nearest import closest, nearest
from dlexp.composition.signatures import signature
from dlexp.errors import InputError

WANTED = {"Integer": "a whole number", "Float": "a number", "Boolean": "true or false"}


def unknown_key(error: OmegaConfBaseException, added: str | None) -> str:
    """`added` is the override that would add the key."""
    node, key, full_key = error.parent_node, str(error.key), str(error.full_key)
    takes = target_parameters(node)
    if key in takes and added:
        return f"{full_key} is not in the config, but {node['_target_']} takes it: write {added}"
    more = takes
    if not full_key.removesuffix(key):
        more = (*groups(), *(f"hydra/{name}" for name in node.get("hydra", ())))
    return f"there is no key '{full_key}'{likely_key(node, full_key, key, more)}"


def likely_key(node: DictConfig, full_key: str, key: str, more: Iterable[str] = ()) -> str:
    """Where the key stands if not in this node, else what it is most like, here or anywhere."""
    here = [str(name) for name in (*node, *more) if not str(name).startswith("_")]
    everywhere = {leaf.rpartition(".")[2]: leaf for leaf in leaves(node._get_root())}
    likely = everywhere.get(key)
    if likely is None and (name := closest(key, here)):
        likely = full_key.removesuffix(key) + name
    likely = likely or everywhere.get(closest(key, everywhere))
    if likely:
        return f" (did you mean '{likely}'?)"
    return nearest("", here) if "." in full_key else " (--cfg job shows all keys)"


def target_parameters(node: DictConfig) -> tuple[str, ...]:
    target = node.get("_target_")
    try:
        takes = signature(target) if isinstance(target, str) else None
    except InputError:
        return ()
    return takes.parameters if takes else ()


def leaves(node: DictConfig, path: str = "") -> Iterator[str]:
    """The full key of every value outside `hydra`."""
    for key, value in node.items_ex(resolve=False):
        full_key = f"{path}{key}"
        if OmegaConf.is_dict(value) and value and full_key != "hydra":
            yield from leaves(value, f"{full_key}.")
        else:
            yield full_key


def value_error(error: OmegaConfBaseException) -> str | None:
    """None for a key that code asks for and no config has, which is a bug."""
    text = str(error).partition("\n")[0]
    key = error.full_key
    place = f"{key}: " if key else ""
    match error:
        case MissingMandatoryValue():
            return no_value(key or text.rpartition(" ")[2])
        case InterpolationKeyError():
            return unknown_reference(error, text, place)
        case InterpolationResolutionError():
            if found := re.search(r"Missing mandatory value: (\S+)", text):
                return place + no_value(found[1])
            if found := re.search(r"Error trying to access (\S+): node `(\S+)` is not a container", text):
                rest = f"; leave it out with {key.rpartition('.')[0]}=null" if key and "." in key else ""
                return f"{place}it refers to {found[1]}, but {found[2]} is null or a single value{rest}"
            return place + text.rpartition("while resolving interpolation: ")[2].strip('"')
        case GrammarParseError():
            hint = "write ${key} or ${resolver:argument}, signs in quotes"
            return f"{place}cannot read {error.value}: {hint}"
        case ValidationError():
            value = "null" if error.value is None else error.value
            return f"{key}={value}: {wanted(error, text)}" if key else text
    return None


def wanted(error: ValidationError, text: str) -> str:
    key = error.full_key
    if found := re.search(r"could not be converted to (\w+)", text):
        return f"{key} wants {WANTED.get(found[1], found[1])}"
    if "is not Optional" in text:
        return f"{key} wants a value"
    if "is not a ListConfig" in text:
        return f"{key} wants a list, such as {key}=[{error.value}]"
    return text


def unknown_reference(error: InterpolationKeyError, text: str, place: str) -> str:
    """An interpolation of a key that does not exist; `place` is how a line begins that says where it stands."""
    found = re.search(r"'(.*)'", text)
    if not found or error.parent_node is None:
        return place + text
    node, known = error.parent_node._get_root(), ""
    for name in found[1].split("."):
        full_key = known + name
        inner = None if OmegaConf.is_missing(node, name) else node.get(name)
        if not OmegaConf.is_dict(inner):
            break
        node, known = inner, f"{full_key}."
    line = misfit(node._get_root(), error.full_key or "", full_key) if known else None
    return line or f"{place}${{{found[1]}}} does not exist{likely_key(node, full_key, name)}"


def misfit(root: DictConfig, key: str, wanted: str) -> str | None:
    """What to say where `key` of one part refers to `wanted`, which the part that was chosen beside it does not have.

    None where these are not two parts, or the key is only misspelt.
    """
    (asking, *_), (asked, *inner) = key.split("."), wanted.split(".")
    parts = [None if OmegaConf.is_missing(root, name) else root.get(name) for name in (asking, asked)]
    names = [str(part.get("_target_", "")).rpartition(".")[2] if OmegaConf.is_dict(part) else "" for part in parts]
    if asking == asked or not all(names) or closest(inner[-1], map(str, parts[1])):
        return None
    return (
        f"{asking} {names[0]} does not go with {asked} {names[1]}, which has no {wanted}: choose another {asking}=… or "
        f"{asked}=…"
    )


def no_value(key: str, example: str = "VALUE") -> str:
    """What to say of `???`. A key without a dot is a group."""
    if "." in key:
        return f"{key} has no value: add {key}={example}"
    return f"no {key} is chosen: add {key}=NAME{nearest('', groups().get(key, ()))}"
