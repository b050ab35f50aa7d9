"""test/wordsim_correlation, test/simlex_correlation, test/analogy_accuracy: where their files are there."""

from pathlib import Path

from lightning.pytorch import Callback, LightningModule, Trainer

from dlexp.callbacks.counts import check_counts
from dlexp.metrics.analogies import analogy_accuracy, read_questions
from dlexp.metrics.word_similarity import read_rated_pairs, similarity_correlation

TESTS = {  # of each its file, and what it is called
    "wordsim_correlation": ("EN-WS-353-ALL.txt", "WordSim-353"),
    "simlex_correlation": ("EN-SIMLEX-999.txt", "SimLex-999"),
    "analogy_accuracy": ("questions-words.txt", "the analogies"),
}


class WordEvaluation(Callback):
    """Looks for the files in `folder`, and leaves out a test of which fewer than `fewest` questions are of known words.

    Upper and lower case are the same: of two such words the commoner is asked. A note says what share was asked, and
    one more what was left out. The task has `vectors` (V, D), the data `counts`, the words by their rows.
    """

    logged = frozenset(f"test/{name}" for name in TESTS)

    def __init__(self, *, folder: str, fewest: int) -> None:
        check_counts("word_evaluation", fewest=fewest)
        self.folder = Path(folder).expanduser()
        self.fewest = fewest
        self.notes: list[str] = []

    def on_test_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        vectors = pl_module.vectors  # (V, D)
        words = list(trainer.datamodule.counts)
        places = {words[row].lower(): row for row in reversed(range(len(words)))}
        self.notes, left_out = [], []
        for name, (file, said) in TESTS.items():
            path = self.folder / file
            if not path.is_file():
                continue
            if name == "analogy_accuracy":
                questions = read_questions(path)
                value, asked = analogy_accuracy(vectors, places, questions)
            else:
                questions = read_rated_pairs(path)
                value, asked = similarity_correlation(vectors, places, questions)
            share = f"{said} ({asked:,} of {len(questions):,})"
            if asked < self.fewest:
                left_out.append(share)
                continue
            self.notes.append(f"the questions of known words were asked: {share}")
            if value == value:
                pl_module.log(f"test/{name}", value, sync_dist=True)
        if left_out:
            self.notes.append(
                f"not asked, with fewer than {self.fewest} questions of known words: {', '.join(left_out)}"
            )
