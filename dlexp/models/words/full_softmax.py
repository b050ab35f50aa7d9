"""Skip-gram with the softmax over all words: exact, and for small vocabularies."""

import torch
from torch import Tensor
from torch.nn.functional import log_softmax

from dlexp.layers.pairs import pairs
from dlexp.models.words.skip_gram import Gradient, SkipGram


class FullSoftmax(SkipGram):
    """The loss of a pair is -log p(u | v), p the softmax of v.u over the words that are known (Mikolov et al. 2013,
    arXiv 1310.4546).

    A step costs centre words times all words. The noise words of a batch are not looked at.
    """

    def loss(self, batch: tuple[Tensor, ...]) -> tuple[Tensor, Tensor]:
        rows, wanted = self.wanted(batch)
        return -(wanted * self.log_shares(rows)).sum(), wanted.sum()

    def gradients(self, batch: tuple[Tensor, ...]) -> list[Gradient]:
        rows, wanted = self.wanted(batch)
        error = self.log_shares(rows).exp_().mul_(wanted.sum(1, keepdim=True)).sub_(wanted)  # (B, V)
        all_rows = torch.arange(self.known, device=rows.device)
        return [
            Gradient("vectors", rows, error @ self.contexts[: self.known]),
            Gradient("contexts", all_rows, error.T @ self.vectors[rows]),
        ]

    def wanted(self, batch: tuple[Tensor, ...]) -> tuple[Tensor, Tensor]:
        """Rows of the centres (B,), and how often each word is in its surroundings, float32 (B, V)."""
        _, stretches, reach, _ = batch
        asked = pairs(stretches, reach)  # (M, C, W + C + W)
        window = (stretches.shape[1] - reach.shape[1]) // 2
        there = stretches.clamp(min=0)
        around = there[:, None].expand_as(asked)
        wanted = self.vectors.new_zeros(*reach.shape, self.known)
        wanted.scatter_add_(2, around, asked.to(wanted.dtype))
        return there[:, window : window + reach.shape[1]].flatten(), wanted.flatten(0, 1)

    def log_shares(self, rows: Tensor) -> Tensor:
        return log_softmax(self.vectors[rows] @ self.contexts[: self.known].T, dim=1)  # (B, V)

    def log_odds(self, centres: Tensor, noise: Tensor) -> Tensor:
        return self.vectors[centres] @ self.contexts[: len(noise)].T  # (B, V)
