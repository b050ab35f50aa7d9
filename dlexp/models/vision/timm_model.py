"""Any network of timm (github.com/huggingface/pytorch-image-models), with fresh weights."""

from collections.abc import Sequence
from difflib import get_close_matches

import torch
from torch import Tensor, nn

from dlexp.errors import InputError


class TimmModel(nn.Module):
    """Raises InputError where timm is missing, has no such name, or its network cannot take the image."""

    def __init__(self, *, image_shape: Sequence[int], num_classes: int, name: str) -> None:
        super().__init__()
        try:
            import timm
        except ModuleNotFoundError as error:
            raise InputError("model=timm needs timm: pip install 'dlexp[timm]'") from error
        names = timm.list_models()
        if name not in names:
            nearest = get_close_matches(name.lower(), names, n=1, cutoff=0)[0]
            raise InputError(f"timm has no model named {name}: did you mean model.name={nearest}?")
        channels, height, width = image_shape
        # transformers and mixers are built for one image size, the others refuse the argument
        size = {"img_size": (height, width)} if timm.get_pretrained_cfg(name).fixed_input_size else {}
        try:
            self.network = timm.create_model(name, in_chans=channels, num_classes=num_classes, **size)
            with torch.inference_mode():
                self.network.eval()(torch.zeros(1, channels, height, width))
        except (AssertionError, RuntimeError, TypeError, ValueError, ZeroDivisionError) as error:
            shape = "x".join(map(str, image_shape))
            reason = " ".join(str(error).split())  # on one line
            raise InputError(f"timm's {name} cannot take images of {shape}, choose another: {reason}") from error
        self.train()

    def forward(self, x: Tensor) -> Tensor:
        return self.network(x)  # (B, num_classes)
