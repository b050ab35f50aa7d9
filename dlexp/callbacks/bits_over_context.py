"""profiles/bits_over_context.json and its figure: how much a model gains from having read more of the text."""

import math
from pathlib import Path

import numpy as np
import torch
from lightning.pytorch import Callback, LightningDataModule, LightningModule, Trainer
from torch import Tensor
from torch.nn.functional import cross_entropy

from dlexp.arguments import check_count
from dlexp.callbacks.ngram_baseline import NgramBaseline
from dlexp.callbacks.profiles import keep_profile
from dlexp.reporting.profile import Profile

STRIDE = 8  # characters from one long window to the next
MOST = 4000  # of them
UNFAMILIAR = "\n(rare in a training that carries its state on)"


class BitsOverContext(Callback):
    """Bits of a character of the test split against how many before it were read, up to `characters` (8 or more).

    Short windows begin at every character, long ones at every 8th, where a point is the mean over 8 counts: so each is
    a mean over the whole split, or of a split of more than 32,000 characters over windows spread evenly in it. A model
    that sees a window at a time keeps what still fits it.

    Every window begins with an empty state. A net that carries its state through the training's streams meets that in
    an epoch's first batch only: the left end of its line then says less about the text than about a state that it does
    not know, and the figure says so.
    """

    def __init__(self, *, folder: str, characters: int) -> None:
        check_count("callbacks.bits_over_context.characters", characters, least=STRIDE)
        self.folder = Path(folder)
        self.characters = characters

    def on_test_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        data = trainer.datamodule
        first, last = data.bounds["test"]
        length = min(self.characters, last - first - 1) // STRIDE * STRIDE
        if not trainer.is_global_zero or trainer.fast_dev_run or not length:
            return
        each, some = torch.arange(first, last - length), torch.arange(first, last - length, STRIDE)
        with trainer.precision_plugin.forward_context():
            near = self.measured(pl_module, data, spread(each, STRIDE * MOST), STRIDE - 1)  # (7,)
            far = self.measured(pl_module, data, spread(some, MOST), length - 1)[STRIDE - 1 :]
        places = np.arange(1, length)
        x = np.concatenate([places[: STRIDE - 1], places[STRIDE - 1 :].reshape(-1, STRIDE).mean(1)])
        y = np.concatenate([near, far.reshape(-1, STRIDE).mean(1)])
        stateful = data.stateful and not hasattr(pl_module.model, "length")
        baseline = next((one for one in trainer.callbacks if isinstance(one, NgramBaseline)), None)
        name, level = list(baseline.bits["test"].items())[-1] if baseline else (None, None)
        profile = Profile(
            title="What is gained by having read more",
            x_name=f"characters read since an empty state{UNFAMILIAR * stateful}",
            y_name="bits of a character",
            x=x.tolist(),
            y=y.tolist(),
            trained=(1, data.length) if length > data.length else None,
            baseline=level,
            baseline_name=name,
        )
        keep_profile(trainer, self.folder, "bits_over_context", profile, "test")

    def measured(
        self, pl_module: LightningModule, data: LightningDataModule, starts: Tensor, length: int
    ) -> np.ndarray:
        """(length,): after 1, 2, … characters."""
        return bits_by_place(pl_module.model, data.text, starts, length, data.length // 2).cpu().numpy()


def spread(starts: Tensor, most: int) -> Tensor:
    """At most `most` of starts (S,), evenly spread."""
    count = min(most, len(starts))
    return starts[torch.arange(count) * len(starts) // count]


@torch.inference_mode()
def bits_by_place(model: torch.nn.Module, text: Tensor, starts: Tensor, length: int, piece: int) -> Tensor:
    """(length,): means over windows of `text` (N,), which begin at `starts` (S,), of the bits of each character but the
    first.
    """
    found = []
    for some in starts.to(text.device).split(500):
        window = text[some[:, None] + torch.arange(length + 1, device=text.device)].long()  # (B, length + 1)
        state, bits = None, []
        for given, asked in zip(window[:, :-1].split(piece, 1), window[:, 1:].split(piece, 1), strict=True):
            logits, state = model(given, state)  # (B, P, characters + 1)
            bits.append(cross_entropy(logits.float().transpose(1, 2), asked, reduction="none"))  # (B, P)
        found.append(torch.cat(bits, dim=1).double().sum(0))
    return torch.stack(found).sum(0) / len(starts) / math.log(2)
