"""Teacher forcing in part: a decoder that is given some of the truth and some of its own words."""

import torch
from torch import Tensor

from dlexp.layers.decoding.decoder import Decoder, sayable
from dlexp.layers.tokens import BEGIN


def shifted(right: Tensor) -> Tensor:
    """What a decoder is given so that it says `right` (B, T): BEGIN, and all but the last."""
    return torch.nn.functional.pad(right[:, :-1], (1, 0), value=BEGIN)


@torch.no_grad()
def partly_forced(model: Decoder, words: Tensor, right: Tensor, truth: Tensor) -> Tensor:
    """What a decoder is given (B, T) if it is told the last right token where `truth` (B, T) says so, and else has to
    go on from what it said itself (scheduled sampling: Bengio et al. 2015, arXiv 1506.03099).
    """
    told = shifted(right)  # (B, T)
    state = model.begin(words)
    token = told[:, 0]  # BEGIN, in any case
    given = [token]
    for place in range(1, right.shape[1]):
        logits, state = model.step(token, state)
        token = torch.where(truth[:, place], told[:, place], sayable(logits).argmax(1))
        given.append(token)
    return torch.stack(given, dim=1)
