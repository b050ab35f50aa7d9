"""Errors of Lightning and torch that a user can mend, told by their names: neither is imported."""

import errno
import re

from dlexp.composition.nearest import nearest

NO_GPU = (
    "No supported gpu backend",
    "GPUs requested but none are available",
    "Found no NVIDIA driver",
    "not compiled with CUDA enabled",
    "CUDAAccelerator can not run on your system",
)
TOO_SMALL = ("Output size is too small", "Kernel size can't be greater than actual input size")
DAMAGED = ("Weights only load failed", "PytorchStreamReader failed")


def explain_training(error: BaseException) -> str | None:
    kinds = {f"{kind.__module__}.{kind.__qualname__}" for kind in type(error).__mro__}
    text = str(error)

    if "torch.OutOfMemoryError" in kinds or "out of memory" in text or "can't allocate memory" in text:
        return "out of memory: halve data.batch_size, and trainer.accumulate_grad_batches=2 makes up for it"
    if any(sign in text for sign in NO_GPU):
        return "there is no GPU that torch can use here: run with trainer=cpu"
    if "DistributedDataParallel is not needed" in text:
        return "a task that learns by hand knows one device: set trainer.devices=1"
    if line := unlogged_metric(text):
        return line
    if isinstance(error, FileNotFoundError) and "heckpoint" in text:
        return f"{text}: give ckpt=… the path of a file in a run's checkpoints folder"
    if "Error(s) in loading state_dict" in text:
        first = text.partition("\n")[2].strip().partition("\n")[0]
        return f"the checkpoint holds another model; give the model=… and data=… it was trained with ({first})"
    if any(sign in text for sign in DAMAGED):
        return f"the checkpoint is damaged, or not a checkpoint: {text.partition('. ')[0]}"
    if any(sign in text for sign in TOO_SMALL):
        return f"the images are too small for this model: choose another one ({text.partition('. ')[0]})"
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return f"the disk is full{f': {error.filename}' if error.filename else ''}"
    if isinstance(error, ValueError) and raising_module(error).startswith("torch.optim"):
        return f"{text}: see optimizer and scheduler in the config"
    if "lightning.fabric.utilities.exceptions.MisconfigurationException" in kinds:
        return text
    return None


def unlogged_metric(text: str) -> str | None:
    """The three ways in which Lightning says that nobody logs what a callback or a scheduler monitors."""
    for pattern in (
        r"`ModelCheckpoint\(monitor='(?P<metric>.+?)'\)` could not find .+?: \[(?P<logged>.*?)\]",
        r"Early stopping conditioned on metric `(?P<metric>.+?)` which is not available.+?: (?P<logged>.*)",
        r"ReduceLROnPlateau conditioned on metric (?P<metric>.+?) which is not .+?: \[(?P<logged>.*?)\]",
    ):
        if found := re.search(pattern, text, re.DOTALL):
            logged = re.findall(r"[`'](.+?)[`']", found["logged"])
            return f"nobody logs the metric '{found['metric']}'{nearest(found['metric'], logged)}"
    return None


def raising_module(error: BaseException) -> str:
    """The name of the module that raised it, empty if it was never raised."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return trace.tb_frame.f_globals.get("__name__", "") if trace else ""
