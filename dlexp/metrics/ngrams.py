"""What counting gives: the probability of a character after the few before it, from how often they stood together."""

import numpy as np


def ngram_bits(text: np.ndarray, first: int, last: int, train: int, order: int, size: int) -> np.ndarray:
    """Bits (last - first,) of text[first:last], each after the `order` - 1 characters before it.

    `text` (N,) holds numbers 0 to `size` - 1, of which text[:train] is counted. Contexts of all lengths, the shortest
    first, are interpolated as Witten and Bell 1991 do (method C): where N(c) characters of T(c) kinds followed the
    context c, P(w | c) = (N(c w) + T(c) P(w | shorter c)) / (N(c) + T(c)). Below them all, each of `size` is as likely.
    """
    text = text.astype(np.int64)
    context = np.zeros(len(text), np.int64)  # a number for the context of each character, here the empty one
    probability = np.full(last - first, 1 / size)
    for length in range(order):
        if length:
            earlier = np.concatenate([np.full(min(length, len(text)), size), text[:-length]])  # `size`: before the text
            _, context = np.unique(context * (size + 1) + earlier, return_inverse=True)
        _, together = np.unique(context * (size + 1) + text, return_inverse=True)
        n_together = np.bincount(together[:train], minlength=len(text))
        n_context = np.bincount(context[:train], minlength=len(text))
        _, of_each_kind = np.unique(together[:train], return_index=True)  # a place of each that was seen
        kinds = np.bincount(context[of_each_kind], minlength=len(text))
        asked = slice(first, last)
        n, t = n_context[context[asked]], kinds[context[asked]]
        seen = n > 0
        better = (n_together[together[asked]] + t * probability) / np.maximum(n + t, 1)
        probability = np.where(seen, better, probability)
    return -np.log2(probability)
