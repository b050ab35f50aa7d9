"""The gradient of something by the inputs of a model, in the middle of a training or a test, which notice nothing."""

from collections.abc import Callable

import torch
from torch import Tensor, nn


def input_gradient(model: nn.Module, x: Tensor, number: Callable[[Tensor], Tensor]) -> Tensor:
    """d number(model(x)) / d x, of the shape of x (N, …), for a `number` () made of the model's outputs (N, …).

    The model is in eval mode meanwhile: nothing is drawn. cuDNN has no gradient for recurrent nets in that mode;
    torch's own kernels, which take over, have. No weight gets a gradient.
    """
    mode = model.training
    model.eval()
    try:
        with torch.inference_mode(False), torch.enable_grad(), torch.backends.cudnn.flags(enabled=False):
            x = x.detach().clone().requires_grad_()
            (gradient,) = torch.autograd.grad(number(model(x)), x)
    finally:
        model.train(mode)
    return gradient
