"""What is asked of every engine: each job ends in its own way, and none of them the study."""

import json
import os
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
FAULTS = {
    "throw": "RuntimeError: a fault",
    "diverge": "the loss became nan in epoch 1",
    "sleep": "ran longer than job_timeout",
}
KILLED = {"die": "killed by SIGKILL"}
ENGINES = {
    "inline": ((), FAULTS),
    "local": ((), FAULTS | KILLED),
    "joblib_pool": (("hydra.launcher.engine.n_jobs=2",), FAULTS | KILLED),
    "ray_cluster": (("hydra.launcher.engine.num_cpus=0.5",), FAULTS | KILLED),
    "slurm": (
        ("hydra.launcher.engine.cluster=local",),
        {"throw": FAULTS["throw"], "sleep": FAULTS["sleep"], "die": "its process died; log: "},
    ),
}
LIBRARIES = {"ray_cluster": "ray", "slurm": "submitit"}  # which are extras


def results(study: Path) -> dict[str, dict]:
    return {
        path.parent.name.removeprefix("model="): json.loads(path.read_text()) for path in study.glob("*/result.json")
    }


@pytest.fixture(scope="module")
def alone(launch, small, tmp_path_factory):
    """The metrics of a sound job that runs without a study."""
    return launch(*small, folder=tmp_path_factory.mktemp("alone")).result["metrics"]


@pytest.mark.parametrize("engine", ENGINES)
def test_every_job_ends_in_its_own_way(engine, launch, small, alone, tmp_path, monkeypatch):
    if engine in LIBRARIES:
        pytest.importorskip(LIBRARIES[engine])
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, sys.path)))  # of submitit's processes
    words, faults = ENGINES[engine]
    models = ",".join([*faults, "linear"])
    study = tmp_path / "study"
    options = (f"hydra/launcher={engine}", *words)
    end = launch(*small[1:], *options, f"model={models}", "--config-dir", HERE / "conf", "-m", folder=study)

    assert end.code == 1, end.err
    found = results(study)
    assert found.keys() == {*faults, "linear"}
    for name, reason in faults.items():
        assert found[name]["status"] == "failed"
        assert found[name]["error"].startswith(reason)
        assert f"model={name}: failed: {found[name]['error']}" in end.err
    assert found["linear"]["status"] == "finished"
    assert found["linear"]["metrics"] == alone
