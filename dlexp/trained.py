"""The task of a finished run with its weights, from the checkpoint alone."""

from pathlib import Path
from typing import Any

from dlexp.checkpoint_file import find_checkpoint, read_checkpoint
from dlexp.composition.nearest import nearest
from dlexp.errors import InputError

ABILITIES = {  # that a task may have, one of which a command asks for
    "generate": ("generate", "write", "answer"),
    "reconstruct": ("reconstruct",),
}
INSTEAD = {  # of a command that a task cannot follow
    "generate": "train one that draws images, such as task=vae or task=gan, writes text, such as task=next_token, or "
    "answers words, such as task=reversal",
    "reconstruct": "train one that encodes images, such as task=autoencoder or task=vae",
}


def load_task(run: Path, name: str) -> tuple[Any, dict[str, Any]]:
    """The LightningModule in eval mode, and its checkpoint; `run` is a run's folder or a checkpoint.

    InputError if the task has no method that the command `name` asks for, and what else to do with it.
    """
    if not run.exists():
        raise InputError(f"there is no run at {run}: give a run's folder or a checkpoint (.ckpt)")
    path = find_checkpoint(run)
    checkpoint = read_checkpoint(path)
    config = checkpoint["hyper_parameters"].get("task")
    if not config:
        raise InputError(f"{path} does not say which task it was trained for")

    from hydra.utils import instantiate

    task = instantiate(config, _convert_="all")
    able = [other for other, methods in ABILITIES.items() if any(hasattr(task, method) for method in methods)]
    if name not in able:
        others = able or ["predict"] * bool(checkpoint.get("classes"))
        raise InputError(
            f"{path} was trained by {type(task).__name__}, which cannot {name}: {INSTEAD[name]}"
            + "".join(f"; this one can be asked by python -m dlexp.{other}" for other in others)
        )
    task.load_state_dict(checkpoint["state_dict"])
    return task.eval(), checkpoint


def asked_class(word: str | None, task: Any, checkpoint: dict[str, Any]) -> int | None:
    """The number of the class that a conditional model is asked for, by its name or number. None for no word."""
    if word is None:
        return None
    if not task.num_classes:
        raise InputError(f"class {word}: this model was trained without classes, only a conditional one is told them")
    names = [str(name) for name in checkpoint["classes"]]
    if word in names:
        return names.index(word)
    if word.isdecimal() and int(word) < task.num_classes:
        return int(word)
    raise InputError(f"there is no class '{word}'{nearest(word, names)}")
