"""Errors of Hydra and YAML in the user's words: files, the words of the command line, their composition."""

import re
from pathlib import Path

import yaml
from hydra.errors import (
    ConfigCompositionException,
    HydraException,
    MissingConfigException,
    OverrideParseException,
)
from omegaconf.errors import ConfigAttributeError, ConfigKeyError, OmegaConfBaseException

from dlexp.composition.groups import groups
from dlexp.composition.key_errors import no_value, unknown_key, value_error
from dlexp.composition.nearest import nearest


def explain_config(error: BaseException) -> str | None:
    match error:
        case MissingConfigException():
            return missing_file(error)
        case OverrideParseException():
            return unreadable_override(error)
        case ConfigCompositionException():
            return composition(error)
        case HydraException():
            return str(error)
        case yaml.MarkedYAMLError():
            return yaml_error(error)
        case OmegaConfBaseException():
            return value_error(error)
        case ValueError() if "Config group override must be" in str(error):
            return "a group takes the name of one of its files; ~GROUP leaves it out"
        case ValueError() if re.search("defaults list|--resolve flag|--multirun", str(error)):
            return str(error)
    return None


def missing_file(error: MissingConfigException) -> str:
    group, _, name = (error.missing_cfg_file or "").rpartition("/")
    if not group:
        return str(error).partition("\n")[0]
    options = error.options or groups().get(group)
    if not options:
        return f"{origin(error)}there is no group '{group}'{nearest(group, groups())}"
    if not name:
        return f"{group}= names nothing{nearest('', options)}"
    return f"{origin(error)}there is no {group} '{name}'{nearest(name, options)}"


def unreadable_override(error: OverrideParseException) -> str:
    word = error.override
    if "missing EQUAL" in error.message:
        likely = [f"{group}={word}" for group, options in groups().items() if word in options]
        return f"'{word}' is not KEY=VALUE" + (f" (did you mean {' or '.join(likely)}?)" if likely else "")
    if found := re.search(r"while evaluating '(.*)': (.*)", error.message):
        return f"{word}: {found[2]}"
    return f"cannot read '{word}': a list is KEY=[a,b], text with spaces or signs needs quotes, 'KEY=\"a b\"'"


def yaml_error(error: yaml.MarkedYAMLError) -> str:
    mark = error.problem_mark or error.context_mark
    problem = error.problem or error.context or "not YAML"
    hint = ""
    if "'\\t'" in problem:
        hint = ": indent with spaces"
    elif "mapping values are not allowed" in problem:
        hint = ": check the indentation, and quote text that holds a colon"
    return f"{shorten(mark.name)}, line {mark.line + 1}: {problem}{hint}" if mark else problem


def shorten(path: str) -> str:
    """Relative where it lies under the working directory."""
    here = Path.cwd()
    return str(Path(path).relative_to(here)) if Path(path).is_relative_to(here) else path


def composition(error: ConfigCompositionException) -> str | None:
    text = str(error)
    cause = error.__cause__ or error.__context__
    if isinstance(cause, ConfigKeyError | ConfigAttributeError):
        added = re.search(r"To append to your config use (\+.*)", text)
        return origin(error) + unknown_key(cause, added[1] if added else None)
    if isinstance(cause, OmegaConfBaseException):
        line = value_error(cause)
        return origin(error) + line if line else None
    if found := re.search(r"Ambiguous value for argument '(.+?)=(.*)'", text):
        key, values = found.groups()
        return f"{key}={values} are several values: add -m to run each, or write {key}=[{values}] for a list"
    if found := re.search(r"Sweep parameters '(.*)' requires", text):
        return f"{found[1]} may be several values: add -m to run each"
    if found := re.search(r"An item is already at '(.*)'", text):
        return f"{found[1]} has a value already: leave out the +"
    if found := re.search(r"You must specify '(.*?)'", text):
        return no_value(found[1])
    if found := re.search(r"Could not override '(.*?)'. No match", text):
        return f"{origin(error)}no group '{found[1]}' is in use{nearest(found[1], groups())}"
    return "; ".join(line.strip() for line in text.splitlines()[:2])


def origin(error: HydraException) -> str:
    """The file that Hydra found the error in, unless that is only the root of all configs."""
    found = re.match(r"In '(.+?)':", str(error))
    return f"{found[1]}.yaml: " if found and found[1] not in ("config", "hydra/config") else ""
