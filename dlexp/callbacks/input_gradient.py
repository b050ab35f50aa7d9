"""The gradient of something by the inputs of a model, in the middle of a training or a test, which notice nothing."""

from collections.abc import Callable
from copy import deepcopy

import torch
from torch import Tensor, nn


def input_gradient(model: nn.Module, x: Tensor, number: Callable[[Tensor], Tensor]) -> Tensor:
    """d number(model(x)) / d x, of the shape of x (N, …), for a `number` () made of the model's outputs (N, …).

    It is that of a copy of the model in eval mode, so nothing is drawn and no weight gets a gradient, and in float64
    whatever the precision of the training: what vanishes is far below the smallest float32. cuDNN has no gradient for
    recurrent nets in eval mode; torch's own kernels, which take over, have.
    """
    wide = torch.float32 if x.device.type == "mps" else torch.float64
    with torch.inference_mode(False), torch.enable_grad(), torch.backends.cudnn.flags(enabled=False):
        twin = deepcopy(model).to(wide).eval().requires_grad_(False)
        x = x.detach().to(wide, copy=True).requires_grad_()
        (gradient,) = torch.autograd.grad(number(twin(x)), x)
    return gradient
