"""What a study costs besides its trainings: by launcher, by job, and to find that all of it is done.

    OMP_NUM_THREADS=1 pytest tests/benchmarks/test_study_time.py -s

The launchers take turns, each time with a whole study of 24 short jobs in a process of its own.
"""

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path
from unittest.mock import patch

from turns import environment

JOBS = ("model=linear,mlp", "seed=range(12)", "trainer.max_epochs=3", "logger=none", "trainer=cpu")
PLAIN = ("callbacks.curves=null", "callbacks.classification_figures=null")
BASIC = ("hydra/launcher=basic", "hydra/sweeper=basic")  # Hydra's own
LAUNCHERS = {
    "Hydra's basic launcher": BASIC,
    "inline": ("hydra/launcher=inline",),
    "local": ("hydra/launcher=local",),
    "joblib": ("hydra/launcher=joblib_pool",),
}
ROUNDS = 3
MANY = 1000


def study(folder: Path, *words: str) -> float:
    """Seconds that the command takes."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "dlexp", *words, f'hydra.sweep.dir="{folder}"', "-m"]
    begun = time.perf_counter()
    done = subprocess.run(command, cwd=folder.parent, env=environment(), capture_output=True, text=True)
    seconds = time.perf_counter() - begun
    assert done.returncode == 0, done.stdout + done.stderr
    return seconds


def trained(folder: Path) -> float:
    """Seconds of training alone, over all jobs."""
    found = [json.loads(path.read_text()) for path in folder.glob("*/result.json")]
    assert [result["status"] for result in found] == ["finished"] * 24
    return sum(result["seconds_per_epoch"] * result["epochs"] for result in found)


def test_launchers(tmp_path: Path, benchmark, report: list[str]) -> None:
    seconds: dict[str, list[float]] = {name: [] for name in LAUNCHERS}
    training: dict[str, list[float]] = {name: [] for name in LAUNCHERS}

    def turn() -> None:
        for name, words in LAUNCHERS.items():
            folder = tmp_path / name.partition("'")[0] / str(len(seconds[name]))
            seconds[name].append(study(folder, *JOBS, *PLAIN, *words))
            training[name].append(trained(folder))

    benchmark.pedantic(turn, rounds=ROUNDS)
    report.append(f"{'24 short jobs':28} {'wall s':>8} {'/ basic':>8} {'of it, s of training in all':>30}")
    reference = seconds["Hydra's basic launcher"]
    for name, times in seconds.items():
        ratio = statistics.median(own / basic for own, basic in zip(times, reference, strict=True))
        wall, alone = statistics.median(times), statistics.median(training[name])
        benchmark.extra_info[name] = {"seconds": wall, "ratio": ratio, "training": alone}
        more = 1000 * (wall - alone) / 24
        report.append(f"  {name:26} {wall:8.1f} {ratio:8.2f} {alone:12.1f}, {more:.0f} ms a job more")


def test_a_thousand_finished_jobs(tmp_path: Path, benchmark, report: list[str], launch, small) -> None:
    words = (*small[1:], "model=linear", f"seed=range({MANY})", "hydra/launcher=inline")

    def pretend(cfg, record) -> None:
        metrics = {"val/accuracy": 0.9, "test/accuracy": 0.9}
        record.add(status="finished", monitor="val/accuracy", mode="max", metrics=metrics, parameters=7850)

    begun = time.perf_counter()
    with patch("dlexp.run.run", pretend), patch("dlexp.record.write_report"):
        assert launch(*words, "-m", folder=tmp_path / "study").code == 0
    first = time.perf_counter() - begun
    benchmark.pedantic(study, args=(tmp_path / "study", *words), rounds=ROUNDS)
    skipped = benchmark.stats["median"]
    report.append(f"{MANY} jobs: {first:.1f} s to plan, freeze and record them, {skipped:.1f} s to skip them all")
