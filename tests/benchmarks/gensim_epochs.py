"""gensim's skip-gram, an epoch at a time in turn. `python -m gensim_epochs CORPUS EPOCHS ALPHA THREADS WORD_EVAL`"""

import json
import sys
from pathlib import Path

from gensim.models import Word2Vec
from gensim.models.callbacks import CallbackAny2Vec
from turns import Turns


class InTurn(CallbackAny2Vec):
    def __init__(self) -> None:
        self.turns = Turns()

    def on_epoch_begin(self, model: Word2Vec) -> None:
        self.turns.next()


corpus, epochs, alpha, threads, folder = sys.argv[1:]
words = Path(corpus).read_text().split()
pieces = [words[i : i + 10_000] for i in range(0, len(words), 10_000)]  # as the word2vec program cuts its lines
model = Word2Vec(
    pieces, sg=1, negative=5, window=5, vector_size=100, sample=1e-4, epochs=int(epochs), alpha=float(alpha),
    workers=int(threads), seed=0, callbacks=[InTurn()],
)  # fmt: skip
tests = {"wordsim_correlation": "EN-WS-353-ALL.txt", "simlex_correlation": "EN-SIMLEX-999.txt"}
quality = {name: model.wv.evaluate_word_pairs(f"{folder}/{file}")[1].statistic for name, file in tests.items()}
quality["analogy_accuracy"] = model.wv.evaluate_word_analogies(f"{folder}/questions-words.txt")[0]
Path("quality.json").write_text(json.dumps(quality))
