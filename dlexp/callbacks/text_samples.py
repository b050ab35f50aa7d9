"""samples.txt and figures/samples.png: what a language model writes; figures/surprise.png: what surprises it."""

from pathlib import Path

import torch
from lightning.pytorch import Callback, LightningModule, Trainer

from dlexp.callbacks.counts import check_counts
from dlexp.callbacks.figures import keep_figure
from dlexp.errors import InputError
from dlexp.layers.sampling import check_temperature
from dlexp.reporting.atomic import write_text

SEED = 0  # of what is drawn


class TextSamples(Callback):
    """Writes `characters` at each of the `temperatures`, after a new line of the test split, and shades a passage from
    there on, `passage` long, by the bits that each character costs the model.

    The task offers `write` and `surprise`, the data `text`, `bounds`, `alphabet` and `read`.
    """

    def __init__(self, *, folder: str, characters: int, temperatures: list[float], passage: int) -> None:
        check_counts("text_samples", characters=characters, passage=passage)
        if not isinstance(temperatures, list) or not temperatures:
            raise InputError(f"callbacks.text_samples.temperatures={temperatures}: give a list, such as [0.5,1.0]")
        for temperature in temperatures:
            check_temperature("callbacks.text_samples.temperatures", temperature)
        self.folder = Path(folder)
        self.characters = characters
        self.temperatures = temperatures
        self.passage = passage
        self.notes: list[str] = []

    def on_test_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if not trainer.is_global_zero or trainer.fast_dev_run:
            return
        from dlexp.reporting.text_pages import NO_PICTURE, has_picture, shaded_text, written_texts

        data = trainer.datamodule
        first, last = data.bounds["test"]
        begin = new_paragraph(data.read(data.text[first:last])) + first
        before = min(begin, data.warm_up + 1)
        read = data.text[begin - before : min(begin + self.passage, last)].long()  # (N,)
        passage = whole_lines(data.read(read[before:]))
        with trainer.precision_plugin.forward_context():
            bits = pl_module.surprise(read, before)[: len(passage)]
        figure = shaded_text(passage, bits.cpu().numpy())
        keep_figure(trainer, self.folder, "surprise", figure)

        found = {}
        for temperature in self.temperatures:
            with trainer.precision_plugin.forward_context():
                numbers = pl_module.write(
                    read[None, :before],
                    self.characters,
                    temperature=temperature,
                    top_k=None,
                    top_p=None,
                    letters=len(data.alphabet),
                    generator=torch.Generator().manual_seed(SEED),
                )
            found[f"temperature {temperature:g}"] = data.read(numbers[0])
        write_text(self.folder / "samples.txt", "\n".join(f"=== {name} ===\n{text}\n" for name, text in found.items()))
        keep_figure(trainer, self.folder, "samples", written_texts(found))
        if not all(map(has_picture, {*passage, *"".join(found.values())})):
            self.notes = [
                f"surprise.png and samples.png show {NO_PICTURE} for characters that their font lacks; samples.txt has "
                "all as they are"
            ]


def new_paragraph(text: str) -> int:
    """Where the first paragraph begins that does so within the first half of a text, else its first line, else 0."""
    for mark in ("\n\n", "\n"):
        place = text.find(mark, 0, len(text) // 2)
        if place >= 0:
            return place + len(mark)
    return 0


def whole_lines(text: str) -> str:
    """Without a last line that was cut off, unless it is the only one."""
    return text[: text.rfind("\n") + 1] or text
