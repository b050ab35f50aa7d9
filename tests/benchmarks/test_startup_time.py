"""From a command to its answer, and to the first training step, against importing the libraries alone.

    pytest tests/benchmarks/test_startup_time.py

Every command is a process of its own, and they take turns. The first round, which fills the disk cache, does
not count.
"""

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

from turns import environment

ROUNDS = 5
REFERENCE = "import lightning.pytorch"
LEAVE = "import os; os._exit(0)"  # at once, as the first step does
FIRST_STEP = "dlexp, first step"
COMMANDS = {
    "import torch": ["-c", f"import torch; {LEAVE}"],
    "import lightning": ["-c", f"import lightning; {LEAVE}"],
    REFERENCE: ["-c", f"{REFERENCE}; {LEAVE}"],
    "dlexp --help": ["-m", "dlexp", "--help"],
    "dlexp --cfg job": ["-m", "dlexp", "--cfg", "job"],
    "dlexp model=lenett": ["-m", "dlexp", "model=lenett"],  # a typo
    FIRST_STEP: ["-m", "dlexp", "trainer=cpu", "+callbacks.end._target_=hooks.EndAtFirstStep"],
}


def measure(name: str, folder: Path) -> tuple[float, float]:
    """Seconds of CPU time and seconds until the process has ended."""
    command = [sys.executable, *COMMANDS[name]]
    with (folder / "output.txt").open("w") as output:
        begun = time.perf_counter()
        process = subprocess.Popen(command, cwd=folder, env=environment(), stdout=output, stderr=output)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begun
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == (1 if "lenett" in name else 0), (folder / "output.txt").read_text()
    return usage.ru_utime + usage.ru_stime, seconds


def test_startup(tmp_path: Path, benchmark, report: list[str]) -> None:
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in COMMANDS}

    def others() -> None:
        for name in COMMANDS:
            if name != FIRST_STEP:
                times[name].append(measure(name, tmp_path))

    def first_step() -> None:
        times[FIRST_STEP].append(measure(FIRST_STEP, tmp_path))

    benchmark.pedantic(first_step, setup=others, rounds=ROUNDS, warmup_rounds=1)

    report.append(f"{'start-up':28} {'CPU s':>9} {'wall s':>9}   CPU / {REFERENCE}")
    for name, rounds in times.items():
        cpu, wall = (statistics.median(values) for values in zip(*rounds[1:], strict=True))
        pairs = zip(rounds[1:], times[REFERENCE][1:], strict=True)
        ratio = statistics.median(own / imports for (own, _), (imports, _) in pairs)
        benchmark.extra_info[name] = {"cpu_seconds": cpu, "seconds": wall, "cpu_ratio": ratio}
        report.append(f"  {name:26} {cpu:9.2f} {wall:9.2f} {ratio:7.2f} x")
