"""`kill -9` at any moment: the same command goes on, and the study ends as if it had never been killed."""

import json
import multiprocessing
import os
import random
import signal
import sys
import time
from pathlib import Path

import pytest
import torch

from dlexp.reporting.atomic import write_text
from dlexp.studies.engines.local import Local, warm_context

GRID = (  # batch order, augmentation, dropout, average and schedule: whatever would tell a difference
    *("model=mlp", "model.hidden_sizes=[16]", "model.dropout=0.3", "seed=0,1,2", "data.augment.shift=2"),
    *("trainer=cpu", "data.limit=300", "data.batch_size=20", "trainer.max_epochs=6", "logger=none"),
    *("callbacks=[default,ema]", "callbacks.ema.decay=0.8", "callbacks.curves=null"),
    *("callbacks.classification_figures=null",),
)


def drive(study: Path, words: tuple[str, ...]) -> None:
    """The study's own process, forked from one that has imported torch."""
    os.chdir(study.parent)
    sys.argv = ["dlexp", f'hydra.sweep.dir="{study}"', *words, "-m"]
    log = os.open(study.parent / "study.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(log, 1)
    os.dup2(log, 2)
    torch.set_num_threads(1)
    from dlexp.__main__ import main

    main()


def start(study: Path, words: tuple[str, ...]) -> multiprocessing.Process:
    process = warm_context().Process(target=drive, args=(study, words))
    process.start()
    return process


def outcome(study: Path) -> dict[str, tuple]:
    """Whatever is a number in a study: metrics, history, weights."""
    found = {}
    for path in sorted(study.glob("*/result.json")):
        result = json.loads(path.read_text())
        assert result["status"] == "finished", (path, (path.parent / "job.log").read_text())
        weights = torch.load(path.parent / "checkpoints" / "best.ckpt", weights_only=True)["state_dict"]
        facts = {key: result[key] for key in ("metrics", "best_epoch", "epochs", "config_hash")}
        history = (path.parent / "metrics.csv").read_text()
        found[path.parent.name] = (facts, history, {name: value.tolist() for name, value in weights.items()})
    return found


def finished(study: Path) -> dict[Path, str]:
    texts = {path: path.read_text() for path in study.glob("*/result.json")}
    return {path: text for path, text in texts.items() if json.loads(text)["status"] == "finished"}


@pytest.mark.parametrize(("engine", "kills"), [("inline", 4), ("local", 2)])
def test_killed_at_random_moments(engine, kills, tmp_path):
    words = (*GRID, f"hydra/launcher={engine}")
    begun = time.monotonic()
    whole = start(tmp_path / "whole", words)
    whole.join()
    assert whole.exitcode == 0, (tmp_path / "study.log").read_text()
    duration = time.monotonic() - begun

    moments = random.Random(seed := random.randrange(10**6))
    print(f"seed of the moments: {seed}")
    study = tmp_path / "killed"
    for _ in range(kills):
        process = start(study, words)
        process.join(moments.uniform(0.1, 0.9) * duration)
        done = finished(study)
        process.kill()
        process.join()
        assert process.exitcode in (0, -signal.SIGKILL)
        assert done.items() <= finished(study).items()  # a finished result is never lost, nor written again

    last = start(study, words)
    last.join()
    assert last.exitcode == 0, (tmp_path / "study.log").read_text()
    assert len(outcome(study)) == 3
    assert outcome(study) == outcome(tmp_path / "whole")


def test_a_killed_study_leaves_no_jobs_behind(tmp_path):
    process = start(tmp_path / "study", (*GRID, "trainer.max_epochs=2000", "hydra/launcher=local"))
    logs = tmp_path / "study" / "model=mlp,seed=0" / "metrics.csv"
    while not logs.exists():
        assert process.is_alive(), (tmp_path / "study.log").read_text()
        time.sleep(0.1)
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    deadline = time.monotonic() + 30
    path = logs.with_name("result.json")
    while json.loads(path.read_text())["status"] == "running" and time.monotonic() < deadline:
        time.sleep(0.1)
    result = json.loads(path.read_text())
    assert (result["status"], result["error"]) == ("interrupted", "stopped by SIGTERM")
    assert (logs.parent / "checkpoints" / "last.ckpt").is_file()


def check(path: Path) -> None:
    Local(workers=None, threads=None, jobs_per_gpu=1, grace=1).call(linger, path)


def linger(path: Path) -> None:
    write_text(path, str(os.getpid()))
    time.sleep(600)


def test_a_study_that_is_killed_while_it_checks_leaves_nothing_behind_either(tmp_path):
    process = warm_context().Process(target=check, args=(tmp_path / "pid",))
    process.start()
    while not (tmp_path / "pid").exists():
        assert process.is_alive()
        time.sleep(0.1)
    process.kill()
    process.join()
    pid = (tmp_path / "pid").read_text()
    deadline = time.monotonic() + 30
    while Path("/proc", pid).exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not Path("/proc", pid).exists()


def test_a_study_that_is_told_to_stop_lets_its_jobs_write_their_checkpoints(tmp_path):
    process = start(tmp_path / "study", (*GRID, "trainer.max_epochs=2000", "hydra/launcher=local"))
    jobs = [tmp_path / "study" / name for name in ("model=mlp,seed=0", "model=mlp,seed=1")][
        : len(os.sched_getaffinity(0))
    ]
    while not all((job / "metrics.csv").exists() for job in jobs):
        assert process.is_alive(), (tmp_path / "study.log").read_text()
        time.sleep(0.1)
    os.kill(process.pid, signal.SIGTERM)
    process.join(60)
    assert process.exitcode == 128 + signal.SIGTERM
    for job in jobs:
        result = json.loads((job / "result.json").read_text())
        assert (result["status"], result["error"]) == ("interrupted", "stopped by SIGTERM")
    said = (tmp_path / "study.log").read_text()
    assert "dlexp: stopped by SIGTERM; go on with: python -m dlexp" in said


def test_all_ranks_of_a_distributed_job_stop_together(tmp_path):
    """Only the first of them hears of it."""
    two = ("trainer=ddp", "trainer.devices=2", "trainer.accelerator=cpu", "seed=0", "hydra/launcher=local")
    process = start(tmp_path / "study", (*GRID, *two, "trainer.max_epochs=9999"))
    job = tmp_path / "study" / "model=mlp"
    while not (job / "metrics.csv").exists():
        assert process.is_alive(), (tmp_path / "study.log").read_text()
        time.sleep(0.1)
    os.kill(process.pid, signal.SIGTERM)
    process.join(50)  # less than the grace, after which they are killed
    assert process.exitcode == 128 + signal.SIGTERM
    result = json.loads((job / "result.json").read_text())
    assert (result["status"], result["error"]) == ("interrupted", "stopped by SIGTERM")
    assert (job / "checkpoints" / "last.ckpt").is_file()
