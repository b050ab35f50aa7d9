"""One line for an error that a user can do something about: what is wrong, and what to do."""

import re

from hydra.errors import InstantiationException

from dlexp.composition.config_errors import explain_config
from dlexp.composition.training_errors import explain_training, raising_module
from dlexp.errors import InputError


def explain(error: BaseException) -> str | None:
    """None for an error that is not known, which is then a bug and deserves its traceback."""
    if isinstance(error, InputError):
        line = str(error)
    elif isinstance(error, InstantiationException):
        line = explain_instantiation(error)
    else:
        line = explain_config(error) or explain_training(error)
    return " ".join(line.split()) if line else None


def explain_instantiation(error: InstantiationException) -> str | None:
    """What the constructor said, after the key of its config; None if it is code of dlexp that failed."""
    message, _, key = str(error).partition("\nfull_key: ")
    place = f"{key}: " if key else ""
    inner = error.__cause__
    if inner is None:  # Hydra refuses the target
        return place + message
    if line := explain(inner):
        return line
    if isinstance(inner, ImportError):
        line = explain_import(inner)
        return place + line if line else None
    if isinstance(inner, ValueError | TypeError) and not raising_module(inner).startswith("dlexp."):
        return f"{place}{inner}"
    return None


def explain_import(error: ImportError) -> str | None:
    """Why a target could not be imported; None if its own code failed."""
    root = error
    while root.__cause__:
        root = root.__cause__
    located = re.search(r"Are you sure that '(.*)' is .* '(.*)'\?", str(error))
    missing = root.name if isinstance(root, ModuleNotFoundError) else None
    if located and (isinstance(root, AttributeError) or missing == f"{located[2]}.{located[1]}"):
        return f"there is no '{located[1]}' in {located[2]}"
    return f"the package {missing} is not installed: pip install {missing}" if missing else None
