"""vectors.txt: the vectors in the word2vec program's text format, which gensim and others load."""

from pathlib import Path

from lightning.pytorch import Callback, LightningModule, Trainer

from dlexp.reporting.atomic import write_text


class VectorFile(Callback):
    """First the number of words and that of a vector's numbers, then a line a word, the commonest first.

    The task has `vectors` (V, D), the data `counts`, the words by their rows.

        gensim.models.KeyedVectors.load_word2vec_format("vectors.txt")
    """

    def __init__(self, *, folder: str) -> None:
        self.folder = Path(folder)

    def on_test_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if not trainer.is_global_zero or trainer.fast_dev_run:
            return
        vectors = pl_module.vectors.tolist()
        lines = [f"{len(vectors)} {len(vectors[0])}"]
        for word, vector in zip(trainer.datamodule.counts, vectors, strict=True):
            lines.append(f"{word} {' '.join(f'{number:.9g}' for number in vector)}")  # 9 digits tell float32s apart
        write_text(self.folder / "vectors.txt", "\n".join(lines) + "\n")
