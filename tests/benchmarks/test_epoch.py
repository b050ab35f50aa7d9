"""One epoch of MNIST: dlexp with all it does, against a bare loop and against the common pipeline.

    pytest tests/benchmarks/test_epoch.py

Three processes train the same network at batch 128 on 55,000 images and validate it on 5,000, an epoch at a
time in turn. dlexp is a user's command. Nothing is asserted: machines are shared, and ratios are what to read.
Where other work keeps the cores busy, torch's threads wait for one another and that counts as CPU time: put
`OMP_NUM_THREADS=1 taskset -c 0` before the command.
"""

import statistics
import sys
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest
from networks import DIGITS, WORDS
from turns import Contestant

from dlexp.data.mnist import MNIST

ROUNDS = 5


@pytest.fixture(scope="module")
def arrays(mnist_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The images that dlexp trains and validates with, for the other two."""
    augment = {"shift": 0, "flip": "none", "cutout": 0, "erase": 0.0}
    sizes = {"batch_size": 128, "eval_batch_size": 512, "validation": 5000, "limit": None, "leave_out": None}
    scale = {"mean": [0.1307], "std": [0.3081]}
    data = MNIST(folder=str(mnist_folder), verify=False, augment=augment, seed=0, **DIGITS, **sizes, **scale)
    data.setup()
    path = tmp_path_factory.mktemp("arrays") / "mnist.npz"
    tensors = {f"{s}_images": data.images(s) for s in ("train", "val")} | {
        f"{s}_labels": data.labels(s) for s in ("train", "val")
    }
    np.savez(path, **{name: tensor.numpy() for name, tensor in tensors.items()})
    return path


@pytest.mark.parametrize("name", WORDS)
def test_epoch(name: str, arrays: Path, mnist_folder: Path, tmp_path: Path, benchmark, report: list[str]) -> None:
    commands = {
        "dlexp": [
            *(sys.executable, "-m", "dlexp", "data=mnist", *WORDS[name], "trainer=cpu"),
            *(f"data_dir={mnist_folder}", "data.verify=false", "hydra.run.dir=run"),
            *(f"trainer.max_epochs={ROUNDS + 2}", "+callbacks.turns._target_=hooks.EpochInTurn"),
        ],
        "bare loop": [sys.executable, "-m", "bare_loop", name, str(arrays)],
        "common pipeline": [sys.executable, "-m", "common_pipeline", name, str(arrays)],
    }
    times: dict[str, list[tuple[float, float]]] = {way: [] for way in commands}
    with ExitStack() as stack:
        ways = {way: stack.enter_context(Contestant(words, tmp_path / way)) for way, words in commands.items()}

        def turn(*names: str) -> None:
            for way in names:
                times[way].append(ways[way].turn())

        others = ("bare loop", "common pipeline")
        benchmark.pedantic(lambda: turn("dlexp"), setup=lambda: turn(*others), rounds=ROUNDS, warmup_rounds=1)

    report.append(f"{name + ', one epoch':28} {'CPU s':>9} {'wall s':>9}")
    for way, rounds in times.items():
        cpu, wall = (statistics.median(values) for values in zip(*rounds[1:], strict=True))
        benchmark.extra_info[way] = {"cpu_seconds": cpu, "seconds": wall}
        report.append(f"  {way:26} {cpu:9.2f} {wall:9.2f}")
    for above, below in (("dlexp", "bare loop"), ("common pipeline", "dlexp")):
        pairs = list(zip(times[above][1:], times[below][1:], strict=True))
        cpu, wall = (statistics.median(a[clock] / b[clock] for a, b in pairs) for clock in (0, 1))
        ratio = f"{above} / {below}"
        benchmark.extra_info[ratio] = {"cpu": cpu, "wall": wall}
        report.append(f"  {ratio:26} {cpu:7.2f} x {wall:7.2f} x")
