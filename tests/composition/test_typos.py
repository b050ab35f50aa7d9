"""Typos on the command line itself: one line on stderr, exit code 1, quickly, and torch is never imported."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import dlexp

LINES = {
    "model=lenett": "dlexp: there is no model 'lenett' (did you mean 'lenet'?)",
    "modle=lenet": "dlexp: there is no key 'modle' (did you mean 'model'?)",
    "model=lenet,resnett -m": "dlexp: there is no model 'resnett' (did you mean 'resnet'?)",
    "optimizer=sgd optimizer.momentun=0.9": "dlexp: there is no key 'optimizer.momentun'",
    "+optimizer.amsgard=true": "dlexp: optimizer.amsgard: torch.optim.AdamW has no argument 'amsgard'"
    " (did you mean 'amsgrad'?)",
    "lr=0.1": "dlexp: there is no key 'lr' (did you mean 'optimizer.lr'?)",
    "seed=abc": "dlexp: seed=abc: seed wants a whole number",
    "optimizer.lr=abc": "dlexp: optimizer.lr=abc: torch.optim.AdamW wants a number",
    "trainer.max_epochs=???": "dlexp: trainer.max_epochs has no value: add trainer.max_epochs=5",
    "trainer.max_epochs=${oops}": "dlexp: trainer.max_epochs: ${oops} does not exist",
    "stages=[fitt]": "dlexp: stages: there is no stage 'fitt' (did you mean 'fit'?)",
    "model": "dlexp: 'model' is not KEY=VALUE",
    "model=lenet,resnet": "dlexp: model=lenet,resnet are several values: add -m to run each",
    "--multirn": "dlexp: there is no flag --multirn (did you mean '--multirun'?)",
    "--config-dir own model=yaml": "dlexp: own/model/yaml.yaml, line 2: mapping values are not allowed here",
    "--config-dir own model=target": "dlexp: model._target_: dlexp.models.vision.lenet has no 'LeNet55'"
    " (did you mean 'LeNet5'?)",
    "--config-dir own model=argument": "dlexp: model.num_clases: dlexp.models.vision.lenet.LeNet5 has no"
    " argument 'num_clases' (did you mean 'num_classes'?)",
}
OWN = {
    "yaml": "a: 1\n b: 2\n",
    "target": "_target_: dlexp.models.vision.lenet.LeNet55\n",
    "argument": "_target_: dlexp.models.vision.lenet.LeNet5\nnum_clases: 10\n",
}
SCRIPT = """
import contextlib, io, json, sys, time
import dlexp.__main__
for words in json.loads(sys.argv.pop()):
    sys.argv[1:] = words.split()
    output, code, start = io.StringIO(), None, time.perf_counter()
    with contextlib.redirect_stderr(output), contextlib.redirect_stdout(output):
        try:
            dlexp.__main__.main()
        except SystemExit as end:
            code = end.code
    print(json.dumps([output.getvalue(), code, time.perf_counter() - start, "torch" in sys.modules]))
"""


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list]:
    """Of one process that is asked everything in turn, as starting Python costs more than the answer."""
    here: Path = tmp_path_factory.mktemp("typos")
    (here / "own" / "model").mkdir(parents=True)
    for name, text in OWN.items():
        (here / "own" / "model" / f"{name}.yaml").write_text(text)
    command = [sys.executable, "-c", SCRIPT, json.dumps(list(LINES))]
    env = os.environ | {"PYTHONPATH": str(Path(dlexp.__file__).parents[1])}
    run = subprocess.run(command, cwd=here, env=env, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return dict(zip(LINES, map(json.loads, run.stdout.splitlines()), strict=True))


@pytest.mark.parametrize("words", LINES)
def test_one_line(words: str, answers: dict[str, list]) -> None:
    output, code, seconds, torch_imported = answers[words]
    assert output.startswith(LINES[words])
    assert output.count("\n") == 1
    assert code == 1
    assert not torch_imported
    assert seconds < 5  # a fraction of a second on a quiet machine
