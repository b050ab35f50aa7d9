"""SLURM by submitit: what sbatch is given, how jobs end that SLURM ends, and the way back into the queue."""

import csv
import json
import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

pytest.importorskip("submitit")

SLURM = "hydra/launcher=slurm"
ENGINE = "hydra.launcher.engine"
COMMANDS = {
    "srun": "",
    "sbatch": 'cp "$1" "$(dirname "$0")/submitted.sh"\necho "Submitted batch job 12"',
    "sacct": 'echo "JobID|State\n12_0|OUT_OF_MEMORY\n12_1|TIMEOUT\n12_2|NODE_FAIL\n12_3|CANCELLED by 0"',
}


@pytest.fixture
def scheduler(tmp_path, monkeypatch) -> Path:
    """A folder with SLURM's commands, which take what they are given and say that it ended badly."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name, script in COMMANDS.items():
        (folder / name).write_text(f"#!/bin/bash\n{script}\n".replace("echo", "echo -e"))
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    return folder


def test_one_array_with_all_that_was_asked_for(scheduler, launch, small, tmp_path):
    study = tmp_path / "study"
    options = {
        "resources.timeout_min": 90,
        "resources.gpus_per_node": 2,
        "resources.mem_gb": 20,
        "slurm.partition": "gpu",
        "slurm.account": "course",
        "slurm.array_parallelism": 3,
        "slurm.setup": "[module load cuda]",
        "slurm.additional_parameters": "{reservation:lecture}",
    }
    words = [f"{ENGINE}.{name}={value}" for name, value in options.items()]
    end = launch(*small, SLURM, *words, "seed=0,1,2,3", "-m", folder=study)
    lines = (scheduler / "submitted.sh").read_text().splitlines()
    for option in (
        *("array=0-3%3", "time=90", "gpus-per-node=2", "mem=20GB", "partition=gpu", "account=course"),
        *("ntasks-per-node=1", "cpus-per-task=1", "reservation=lecture", "job-name=study", "signal=USR2@120"),
    ):
        assert f"#SBATCH --{option}" in lines
    assert not any("qos" in line or "constraint" in line for line in lines)
    assert "module load cuda" in lines
    assert lines[-1].startswith(f"srun --unbuffered --output {study}/.submitit/")

    assert end.code == 1
    errors = {path.parent.name: json.loads(path.read_text())["error"] for path in study.glob("*/result.json")}
    for seed, reason in enumerate(("out of memory", "out of time", "its node failed", "it was cancelled")):
        error = errors[f"model=linear,seed={seed}"]
        assert error.startswith(reason)
        assert error.endswith(f"log: {study}/.submitit/12_{seed}_0_log.err")


def test_without_slurm_one_line_says_so(launch, small, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    end = launch(*small, SLURM, "-m", folder=tmp_path / "study")
    assert end.code == 1
    assert end.err.startswith('dlexp: submitit: Could not detect "srun"')


def test_ranks_are_started_by_slurm(scheduler, launch, small, tmp_path):
    end = launch(*small, SLURM, "trainer.devices=2", "trainer.strategy=ddp", "-m", folder=tmp_path / "study")
    assert end.code == 1
    assert "resources.tasks_per_node=trainer.devices" in end.err


def test_debug_runs_here(launch, small, tmp_path):
    plain = launch(*small, folder=tmp_path / "plain")
    study = tmp_path / "study"
    handler = signal.getsignal(signal.SIGUSR2)
    end = launch(*small, SLURM, f"{ENGINE}.cluster=debug", "seed=0,1", "-m", folder=study)
    assert (end.code, end.err) == (0, "")
    (path,) = study.glob("*seed=0*/result.json")
    assert json.loads(path.read_text())["metrics"] == plain.result["metrics"]
    assert signal.getsignal(signal.SIGUSR2) == handler


def test_a_job_that_is_warned_goes_on_from_the_queue(launch, small, tmp_path, monkeypatch):
    """SLURM warns before the time limit and when it preempts a job. submitit's local executor is the queue here."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))  # of submitit's processes
    words = (*small, "trainer.max_epochs=100")
    study = tmp_path / "study"

    def warn() -> None:
        while not any(len(path.read_text().splitlines()) > 4 for path in study.glob("*/metrics.csv")):
            time.sleep(0.1)
        for process in Path("/proc").glob("[0-9]*"):
            if b"submitit.core._submit\0%b" % bytes(study) in (process / "cmdline").read_bytes():
                os.kill(int(process.name), signal.SIGUSR2)

    threading.Thread(target=warn, daemon=True).start()
    end = launch(*words, SLURM, f"{ENGINE}.cluster=local", "-m", folder=study)
    assert (end.code, end.err) == (0, "")
    (log,) = (study / ".submitit").glob("*_log.out")
    assert "Requeued" in log.read_text()
    (folder,) = [path.parent for path in study.glob("*/result.json")]
    rows = [row for row in csv.DictReader((folder / "metrics.csv").read_text().splitlines()) if row["epoch"]]
    assert [int(row["epoch"]) for row in rows] == list(range(100))
    plain = launch(*words, folder=tmp_path / "plain")
    assert json.loads((folder / "result.json").read_text())["metrics"] == plain.result["metrics"]
