"""How a number is drawn by logits: with a temperature, among the likeliest few, or among those that make up a share."""

import torch
from torch import Tensor

from dlexp.errors import InputError

LEAST_TEMPERATURE, MOST_TEMPERATURE = 0.01, 100.0  # so that logits by temperature stay numbers


def check_temperature(key: str, temperature: float) -> None:
    """InputError unless it is 0, which takes the likeliest, or one that can be drawn by; `key` is what it is called."""
    known = isinstance(temperature, int | float) and not isinstance(temperature, bool)
    if not known or not (temperature == 0 or LEAST_TEMPERATURE <= temperature <= MOST_TEMPERATURE):
        raise InputError(f"{key}={temperature}: give 0, or a number from {LEAST_TEMPERATURE:g} to {MOST_TEMPERATURE:g}")


def tempered(logits: Tensor, temperature: float) -> Tensor:
    """Below 1 the likely becomes likelier, above 1 all become alike; probabilities to the power 1 / temperature."""
    return logits / temperature


def top_k_only(logits: Tensor, k: int) -> Tensor:
    """The `k` largest of logits (…, V), -inf for the others (Fan, Lewis and Dauphin 2018, arXiv 1805.04833)."""
    order = logits.argsort(dim=-1, descending=True, stable=True)
    return logits.scatter(-1, order[..., k:], float("-inf"))


def nucleus_only(logits: Tensor, p: float) -> Tensor:
    """Of logits (…, V) the fewest whose probabilities sum to `p` or more, -inf for the others.

    Holtzman et al. 2020 (arXiv 1904.09751).
    """
    largest, order = logits.sort(dim=-1, descending=True, stable=True)
    probability = largest.softmax(-1)
    reached_before = probability.cumsum(-1) - probability >= p  # without it there were enough
    reached_before[..., 0] = False  # the likeliest always stays
    return logits.masked_fill(torch.zeros_like(reached_before).scatter(-1, order, reached_before), float("-inf"))


def draw(
    logits: Tensor, *, temperature: float, top_k: int | None, top_p: float | None, generator: torch.Generator
) -> Tensor:
    """One of V for each of logits (B, V): int64 (B,). First the temperature, then `top_k`, then `top_p`, each of which
    None leaves out. A temperature of 0 takes the likeliest. Drawn on the CPU, so that all devices draw the same.
    """
    if temperature == 0:
        return logits.argmax(-1)
    logits = tempered(logits, temperature)
    if top_k is not None:
        logits = top_k_only(logits, top_k)
    if top_p is not None:
        logits = nucleus_only(logits, top_p)
    probability = logits.softmax(-1).cpu()
    return torch.multinomial(probability, 1, generator=generator)[:, 0].to(logits.device)
