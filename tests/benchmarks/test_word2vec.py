"""Skip-gram with negative sampling: dlexp against gensim on the same text, machine and number of threads.

    DLEXP_DATA_DIR=data pytest tests/benchmarks/test_word2vec.py

It wants DATA/text/corpus.txt, words with white space between them, and the tests of DATA/text/word-eval. dlexp is a
user's command with all that it does, validation and checkpoints as well. Both have the same number of epochs and the
same learning rate, by a straight line to nearly nothing, and take turns at an epoch. Words are those of the text, also
those that are not read. Nothing is asserted: machines are shared, and ratios are what to read.
"""

import json
import os
import statistics
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest
from turns import Contestant

EPOCHS, LEARNING_RATE = 10, 0.05
QUALITY = {"wordsim_correlation": "WordSim", "simlex_correlation": "SimLex", "analogy_accuracy": "analogies"}


@pytest.fixture(scope="module")
def corpus() -> Path:
    pytest.importorskip("gensim")
    path = Path(os.environ.get("DLEXP_DATA_DIR", "nowhere"), "text", "corpus.txt").absolute()
    if not path.is_file():
        pytest.skip(f"no {path}")
    return path


@pytest.mark.parametrize("threads", [1, 2])
def test_words_a_second(
    threads: int, corpus: Path, tmp_path: Path, benchmark, report: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", str(threads))
    evaluation = corpus.parent / "word-eval"
    commands = {
        "dlexp": [
            *(sys.executable, "-m", "dlexp", "experiment=word2vec_corpus", f"data.path={corpus}"),
            *("hydra.run.dir=run", f"trainer.max_epochs={EPOCHS}", f"task.lr={LEARNING_RATE}"),
            f"data_dir={corpus.parents[1]}",
            "+callbacks.turns._target_=hooks.EpochInTurn",
        ],
        "gensim": [
            *(sys.executable, "-m", "gensim_epochs"),
            *(str(corpus), str(EPOCHS), str(LEARNING_RATE), str(threads), str(evaluation)),
        ],
    }
    times: dict[str, list[tuple[float, float]]] = {way: [] for way in commands}
    with ExitStack() as stack:
        ways = {way: stack.enter_context(Contestant(words, tmp_path / way)) for way, words in commands.items()}

        def turn(way: str) -> None:
            times[way].append(ways[way].turn())

        rounds = EPOCHS - 1  # nobody tells when the last epoch has ended
        benchmark.pedantic(lambda: turn("dlexp"), setup=lambda: turn("gensim"), rounds=rounds)
        for way in ways.values():
            way.pipe.send("go")
            assert way.process.wait() == 0, way.output.read_text()
    found = {
        "dlexp": json.loads((tmp_path / "dlexp" / "run" / "result.json").read_text())["metrics"],
        "gensim": json.loads((tmp_path / "gensim" / "quality.json").read_text()),
    }

    words = len(corpus.read_text().split())
    report.append(f"{f'{threads} threads, word2vec':28} {'words/CPU s':>12} {'words/s':>12}   the whole, and how good")
    for way, turns in times.items():
        cpu, wall = (statistics.median(words / one for one in clock) for clock in zip(*turns, strict=True))
        good = [found[way].get(f"test/{name}", found[way].get(name)) for name in QUALITY]
        said = ", ".join(f"{test} {value:.3f}" for test, value in zip(QUALITY.values(), good, strict=True))
        benchmark.extra_info[way] = {"words_per_cpu_second": cpu, "words_per_second": wall, "quality": said}
        report.append(f"  {way:26} {cpu:12,.0f} {wall:12,.0f}   {EPOCHS} epochs: {said}")
    pairs = list(zip(times["gensim"], times["dlexp"], strict=True))
    cpu, wall = (statistics.median(theirs[clock] / ours[clock] for theirs, ours in pairs) for clock in (0, 1))
    benchmark.extra_info["dlexp / gensim"] = {"cpu": cpu, "wall": wall}
    report.append(f"  {'dlexp / gensim':26} {cpu:10.2f} x {wall:10.2f} x")
