"""A note of how much of a text was read as the unknown mark."""

from lightning.pytorch import Callback, LightningModule, Trainer


class UnknownCharacters(Callback):
    """Says it before the training, and in the run's notes. The data have `unknown` and `alphabet`."""

    def __init__(self) -> None:
        self.notes: list[str] = []

    def setup(self, trainer: Trainer, pl_module: LightningModule, stage: str) -> None:
        data = trainer.datamodule
        if self.notes or not getattr(data, "unknown", 0):  # said before, or nothing to say, or no text at all
            return
        self.notes = [
            f"{100 * data.unknown:.2g} % of the text's characters are none of the {len(data.alphabet)} that the model "
            "knows, and all read as one unknown mark, which the bits count as a character like any other: whoever "
            "expects the mark is right; data.characters sets how many are known"
        ]
        if trainer.is_global_zero:
            print(self.notes[0])
