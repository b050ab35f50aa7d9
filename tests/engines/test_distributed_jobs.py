"""Jobs that are themselves distributed: other ranks run their own job only, and one that dies takes only that along."""

import json
import subprocess
import sys
from pathlib import Path

CONF = Path(__file__).parent / "conf"
TWO_PROCESSES = ("trainer=ddp", "trainer.devices=2", "trainer.accelerator=cpu")


def test_two_ranks(launch, small, tmp_path):
    words = [word for word in small if not word.startswith(("model=", "trainer="))] + [*TWO_PROCESSES]
    plain, study = tmp_path / "plain", tmp_path / "study"
    command = [sys.executable, "-m", "dlexp", *words, "model=linear", f"hydra.run.dir={plain}"]
    subprocess.run(command, check=True, capture_output=True)
    end = launch(*words, "model=maim,linear", "--config-dir", CONF, "-m", folder=study)

    assert end.code == 1
    maimed, sound = (json.loads((study / f"model={name}" / "result.json").read_text()) for name in ("maim", "linear"))
    assert maimed["status"] == "failed"
    assert maimed["error"].startswith(("RuntimeError", "killed by SIGKILL"))  # the rank that is left sees its peer gone
    assert sound["status"] == "finished"
    assert sound["metrics"] == json.loads((plain / "result.json").read_text())["metrics"]
    assert (study / "model=linear" / "metrics.csv").read_text() == (plain / "metrics.csv").read_text()
    assert (study / "model=linear" / "job.log").read_text().count("epoch 1/2") == 1
    assert len(list(study.glob("**/result.json"))) == 2
