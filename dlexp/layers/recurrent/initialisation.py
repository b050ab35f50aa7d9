"""How recurrent weights begin: what a net can remember before it has learned anything."""

import torch
from torch import Tensor, nn

from dlexp.arguments import check_count
from dlexp.errors import InputError

# Which rows of the gates' weights are the gate that keeps, and the one that admits, in torch's order
FORGET, ADMIT = {"lstm": 1, "gru": 1}, {"lstm": 0}


def orthogonal(weight: Tensor) -> None:
    """Of each gate's (H, H) part of weight (gates H, H): lengths are kept (Saxe et al. 2014, arXiv 1312.6120)."""
    for gate in weight.split(weight.shape[1]):
        nn.init.orthogonal_(gate)


def identity(from_input: Tensor, from_state: Tensor) -> None:
    """Of from_input (H, D) and from_state (H, H): with relu the state stays, and hardly anything is added to it.

    An IRNN (Le, Jaitly and Hinton 2015, arXiv 1504.00941): the unit matrix, and draws of a standard deviation of 0.001.
    """
    nn.init.eye_(from_state)
    nn.init.normal_(from_input, std=0.001)


def chrono(kind: str, bias: Tensor, longest: int) -> None:
    """Set the bias (gates H) so that units forget after 2 to `longest` steps (Tallec and Ollivier 2018, 1804.11188).

    InputError for a cell without a gate that forgets, or a `longest` of less than 2 steps.
    """
    if kind not in FORGET:
        raise InputError(f"model.chrono={longest}: {kind} has no gate that forgets; set model.chrono=null")
    check_count("model.chrono", longest, least=2, otherwise=", the longest memory in steps, or null")
    size = len(bias) // {"lstm": 4, "gru": 3}[kind]
    gates = bias.split(size)  # each (H)
    keep = torch.empty(size).uniform_(1, longest - 1).log()
    gates[FORGET[kind]].copy_(keep)
    if kind in ADMIT:
        gates[ADMIT[kind]].copy_(-keep)
