"""A hundred steps of the adding problem: dlexp with all it does, its cells by hand, and a bare loop.

    OMP_NUM_THREADS=1 pytest tests/benchmarks/test_adding_epoch.py

Three processes train the same recurrent net of 64 units on sequences of 50, an epoch at a time in turn. Nothing is
asserted: machines are shared, and ratios are what to read.
"""

import statistics
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest
from turns import Contestant

ROUNDS, LENGTH = 7, 50


@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_adding_epoch(cell: str, tmp_path: Path, benchmark, report: list[str]) -> None:
    ours = [
        *(sys.executable, "-m", "dlexp", "task=adding", f"model={cell}", f"data.length={LENGTH}", "trainer=cpu"),
        *("hydra.run.dir=run", f"trainer.max_epochs={ROUNDS + 2}", "+callbacks.turns._target_=hooks.EpochInTurn"),
        "trainer.precision=32-true",
    ]
    commands = {
        "dlexp": ours,
        "dlexp, cells by hand": [*ours, "model.implementation=scratch"],
        "bare loop": [sys.executable, "-m", "bare_adding", cell, str(LENGTH)],
    }
    times: dict[str, list[tuple[float, float]]] = {way: [] for way in commands}
    with ExitStack() as stack:
        ways = {
            way: stack.enter_context(Contestant(words, tmp_path / f"{place}"))
            for place, (way, words) in enumerate(commands.items())
        }

        def turn(*names: str) -> None:
            for way in names:
                times[way].append(ways[way].turn())

        others = [way for way in commands if way != "dlexp"]
        benchmark.pedantic(lambda: turn("dlexp"), setup=lambda: turn(*others), rounds=ROUNDS, warmup_rounds=1)

    report.append(f"{cell + ', 100 steps':28} {'CPU s':>9} {'wall s':>9}")
    for way, rounds in times.items():
        cpu, wall = (statistics.median(values) for values in zip(*rounds[1:], strict=True))
        benchmark.extra_info[way] = {"cpu_seconds": cpu, "seconds": wall}
        report.append(f"  {way:26} {cpu:9.2f} {wall:9.2f}")
    for above in ("dlexp", "dlexp, cells by hand"):
        pairs = list(zip(times[above][1:], times["bare loop"][1:], strict=True))
        cpu, wall = (statistics.median(a[clock] / b[clock] for a, b in pairs) for clock in (0, 1))
        benchmark.extra_info[f"{above} / bare loop"] = {"cpu": cpu, "wall": wall}
        report.append(f"  {above + ' / bare loop':26} {cpu:7.2f} x {wall:7.2f} x")
