"""Contraction: the code hardly moves when the image moves a little (Rifai et al. 2011, ICML)."""

from typing import final

import torch
from torch import Tensor, nn
from torch.autograd import grad

from dlexp.errors import InputError
from dlexp.regularizers.bounds import at_least_zero
from dlexp.regularizers.regularizer import Regularizer


@final
class Contractive(Regularizer):
    """`strength` times the squared Frobenius norm of the Jacobian of the code by the image, of an image on average.

    `form`: `layer`, exact and nearly free, for an encoder of one linear layer; `exact` for any encoder, at a backward
    pass for each unit of the code; `hutchinson` for any, an unbiased estimate at a backward pass for each of `probes`.

    The encoder is run once more, as it stands in training: where it has dropout, that draws anew, and one draw counts
    for the whole Jacobian. The price's graph ends at the weights and dies with the step.
    """

    def __init__(self, *, form: str, probes: int, strength: float) -> None:
        forms = {"layer": layer_norm, "exact": exact_norm, "hutchinson": self.estimate}
        if form not in forms:
            raise InputError(f"regularizer.contractive.form={form}: give one of {', '.join(forms)}")
        if probes < 1:
            raise InputError(f"regularizer.contractive.probes={probes}: give a number of probes, 1 or more")
        self.norm = forms[form]
        self.probes = probes
        self.strength = at_least_zero("regularizer.contractive.strength", strength)

    def penalty(self, model: nn.Module, x: Tensor, code: Tensor) -> Tensor:
        return self.strength * self.norm(model, x)

    def estimate(self, model: nn.Module, x: Tensor) -> Tensor:
        return hutchinson_norm(model, x, probes=self.probes)


def layer_norm(model: nn.Module, x: Tensor) -> Tensor:
    """(): of h = f(W x + b), the mean over the batch of the sum over j of f'(a_j)^2 times the sum over i of W_ji^2."""
    layer = only_layer(model)
    inner = layer(x.flatten(1))  # (B, L): a
    (slope,) = grad(model.code_activation(inner).sum(), inner, create_graph=True)  # (B, L): f'(a)
    return (slope.float().square() @ layer.weight.float().square().sum(1)).mean()  # (B, L) @ (L,)


def only_layer(model: nn.Module) -> nn.Linear:
    """The encoder's one layer. InputError if it has others."""
    leaves = [module for module in model.encoder.modules() if not [*module.children()]]
    layers = [layer for layer in leaves if not isinstance(layer, nn.Flatten)]
    if len(layers) != 1 or not isinstance(layers[0], nn.Linear):
        raise InputError(
            "regularizer.contractive.form=layer is of an encoder with one linear layer: set model.hidden_sizes=[], "
            "or form=exact or hutchinson"
        )
    return layers[0]


def exact_norm(model: nn.Module, x: Tensor) -> Tensor:
    """(): one backward pass for each unit of the code, all of them in one call."""
    x = leaf(x)
    code = model.encode(x)  # (B, L)
    units = torch.eye(code.shape[1], dtype=code.dtype, device=code.device)  # (L, L)
    return products(x, code, units[:, None].expand(-1, len(x), -1)).sum(0).mean()


def hutchinson_norm(model: nn.Module, x: Tensor, *, probes: int) -> Tensor:
    """(): E ||v^T J||^2 = ||J||^2 for v with independent entries of mean 0 and variance 1, here -1 or 1.

    After Hutchinson 1990, "A stochastic estimator of the trace of the influence matrix".
    """
    x = leaf(x)
    code = model.encode(x)  # (B, L)
    signs = torch.randint(2, (probes, *code.shape), device=code.device).to(code.dtype) * 2 - 1  # (P, B, L)
    return products(x, code, signs).mean()


def leaf(x: Tensor) -> Tensor:
    """The images (B, C, H, W) as what the code is differentiated by."""
    return x.detach().requires_grad_()


def products(x: Tensor, code: Tensor, vectors: Tensor) -> Tensor:
    """||v^T J||^2, (P, B), of vectors v (P, B, L), if no image of the batch touches the code of another."""
    (rows,) = grad(code, x, vectors, is_grads_batched=True, create_graph=True)  # (P, B, C, H, W)
    return rows.float().square().flatten(2).sum(2)
