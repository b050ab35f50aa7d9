"""Does the model take the data at all? One sample is sent through before anything is trained."""

import torch
from torch import Tensor, nn

from dlexp.errors import InputError


def trial_pass(model: nn.Module, example: Tensor, *more: Tensor) -> Tensor:
    """What `model` in eval mode makes of one sample (1, …), and of what it is told besides. InputError if it cannot."""
    mode = model.training
    try:
        with torch.inference_mode():
            return model.eval()(example, *more)
    except (RuntimeError, ValueError, IndexError) as error:
        reason, shape = str(error).splitlines()[0], as_text(example)
        data = f"{shape} images" if example.ndim == 4 else f"samples of {shape} numbers"
        raise InputError(f"model {type(model).__name__} cannot take the data's {data}: {reason}") from error
    finally:
        model.train(mode)


def check_there_and_back(model: nn.Module, example: Tensor, *more: Tensor) -> None:
    """InputError unless the model makes of one image (1, C, H, W) another of that shape."""
    image = trial_pass(model, example, *more)
    if image.shape != example.shape:
        raise InputError(f"model {type(model).__name__} gives {as_text(image)} for images of {as_text(example)}")


def as_text(example: Tensor) -> str:
    """1x28x28, of one sample (1, 1, 28, 28)."""
    return "x".join(map(str, example.shape[1:]))
