"""Skip-gram with negative sampling: tell the words around a word from noise."""

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from dlexp.errors import InputError
from dlexp.layers.pairs import pairs
from dlexp.models.words.skip_gram import Gradient, SkipGram


class NegativeSampling(SkipGram):
    """The loss of a pair is -log s(v.u) - `negatives` times the mean of -log s(-v.u') over noise words u' (Mikolov et
    al. 2013, arXiv 1310.4546), s the logistic function.

    The words of a stretch share their noise words: so all scores of a stretch are one product of matrices, and the
    mean over K shared words stands for `negatives` words of each pair's own, which has the same expectation.
    """

    def __init__(self, *, words: int, size: int, negatives: float) -> None:
        super().__init__(words=words, size=size)
        if not isinstance(negatives, int | float) or negatives <= 0:
            raise InputError(f"model.negatives={negatives}: give a number above 0")
        self.negatives = negatives

    def loss(self, batch: tuple[Tensor, ...]) -> tuple[Tensor, Tensor]:
        asked, v, u, _, _ = self.gathered(batch)
        scores = torch.bmm(v, u.transpose(1, 2))  # (M, C, W + C + W + K)
        near, far = scores.split([asked.shape[2], scores.shape[2] - asked.shape[2]], dim=2)
        loss = (logsigmoid(near) * asked).sum() + (logsigmoid(-far) * self.weight(asked, far)).sum()
        return -loss, asked.sum()

    def gradients(self, batch: tuple[Tensor, ...]) -> list[Gradient]:
        asked, v, u, centre_rows, context_rows = self.gathered(batch)
        error = torch.bmm(v, u.transpose(1, 2)).sigmoid_()  # (M, C, W + C + W + K)
        near, far = error.split([asked.shape[2], error.shape[2] - asked.shape[2]], dim=2)
        near.sub_(1).mul_(asked)  # of a pair: its probability - 1
        far.mul_(self.weight(asked, far))  # of noise: its probability
        size = v.shape[2]
        return [
            Gradient("vectors", centre_rows, torch.bmm(error, u).view(-1, size)),
            Gradient("contexts", context_rows, torch.bmm(error.transpose(1, 2), v).view(-1, size)),
        ]

    def gathered(self, batch: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Which pairs there are, 1 or 0 (M, C, W + C + W), the vectors of the centres (M, C, D) and of what they meet
        (M, W + C + W + K, D), and the rows of both. A word that is not there has those of the first: it is in no pair.
        """
        _, stretches, reach, noise = batch
        there = stretches.clamp(min=0)
        window = (stretches.shape[1] - reach.shape[1]) // 2
        centre_rows = there[:, window : window + reach.shape[1]].flatten()
        context_rows = torch.cat([there, noise], dim=1)
        size = self.vectors.shape[1]
        v = self.vectors.index_select(0, centre_rows).view(*reach.shape, size)
        u = self.contexts.index_select(0, context_rows.view(-1)).view(*context_rows.shape, size)
        return pairs(stretches, reach).to(v.dtype), v, u, centre_rows, context_rows.view(-1)

    def weight(self, asked: Tensor, far: Tensor) -> Tensor:
        """(M, C, 1): what each noise word counts, for all pairs of a centre."""
        return asked.sum(2, keepdim=True) * (self.negatives / far.shape[2])

    def log_odds(self, centres: Tensor, noise: Tensor) -> Tensor:
        """At the optimum a score is log p(u | v) - log(`negatives` q(u)), q the noise's share."""
        return self.vectors[centres] @ self.contexts[: len(noise)].T + noise.log()  # (B, V)
