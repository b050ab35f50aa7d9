"""Ctrl-C during a study in a pool or a cluster: running jobs save a checkpoint, waiting ones never begin."""

import json
import os
import signal
import threading
import time

import pytest


@pytest.mark.parametrize("engine", ["joblib_pool", "ray_cluster"])
def test_jobs_save_a_checkpoint(engine, launch, small, tmp_path):
    pytest.importorskip(engine.partition("_")[0])
    study = tmp_path / "study"

    def stop() -> None:
        """Once a job is training; the last one waits for its turn."""
        while not any(len(path.read_text().splitlines()) > 2 for path in study.glob("*/metrics.csv")):
            time.sleep(0.1)
        while not ended.is_set():  # a Ctrl-C that a library swallows is pressed again, as a person would
            os.kill(os.getpid(), signal.SIGINT)
            ended.wait(60)

    ended = threading.Event()
    thread = threading.Thread(target=stop, daemon=True)
    thread.start()
    two_at_a_time = {"joblib_pool": "n_jobs=2", "ray_cluster": f"num_cpus={os.cpu_count() / 2}"}[engine]
    words = (f"hydra/launcher={engine}", f"hydra.launcher.engine.{two_at_a_time}", "trainer.max_epochs=9999")
    end = launch(*small, *words, "seed=0,1,2", "-m", folder=study)
    ended.set()
    thread.join()
    assert end.code == 130
    found = [json.loads(path.read_text())["status"] for path in study.glob("*/result.json")]
    assert found in (["interrupted"], ["interrupted"] * 2)
    assert list(study.glob("*/checkpoints/last.ckpt"))
    assert not list(study.glob(".pool_*"))
