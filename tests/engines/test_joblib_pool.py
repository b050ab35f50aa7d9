"""joblib gives up a pool when one of its workers is killed."""

import json
import subprocess
import sys
from pathlib import Path

CONF = Path(__file__).parent / "conf"
JOBLIB = "hydra/launcher=joblib_pool"


def test_another_pool_takes_over(launch, small, tmp_path):
    study = tmp_path / "study"
    words = (JOBLIB, "hydra.launcher.engine.n_jobs=2", "model=orphan,linear,mlp", "--config-dir", CONF, "-m")
    end = launch(*small[1:], *words, folder=study)
    assert (end.code, end.err) == (0, "")
    found = {path.parent.name: json.loads(path.read_text())["status"] for path in study.glob("*/result.json")}
    assert found == dict.fromkeys(("model=orphan", "model=linear", "model=mlp"), "finished")
    assert (study / "model=orphan" / "orphaned").exists()


def test_a_backend_that_tells_of_all_jobs_at_once(small, tmp_path):
    """In a process of its own: its pool forks, and here other engines have left what does not survive that."""
    words = (JOBLIB, "hydra.launcher.engine.backend=multiprocessing", "hydra.launcher.engine.n_jobs=2", "seed=0,1")
    command = [sys.executable, "-m", "dlexp", *small, *words, f"hydra.sweep.dir={tmp_path / 'study'}", "-m"]
    end = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert (end.returncode, end.stderr) == (0, "")


def test_an_unknown_backend(launch, small, tmp_path):
    end = launch(*small, JOBLIB, "hydra.launcher.engine.backend=lokki", "-m", folder=tmp_path / "study")
    assert end.code == 1
    assert end.err.startswith("dlexp: hydra.launcher.engine.backend=lokki: Invalid backend")
