"""What only asks or is mistyped is answered without torch: --help, --cfg job, completion, a typo."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
SLOW = {"torch", "lightning", "torchmetrics", "torchvision", "sklearn", "scipy", "matplotlib"}
ASK = """
import contextlib, importlib, io, os, sys
from dlexp.composition.command import command

def ask(module, *words):
    sys.argv = [module, *words]
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            command(importlib.import_module(module).main)
            code = 0
        except SystemExit as end:
            code = end.code
    print("----", *words, code, *({SLOW!r} & set(sys.modules)))
    print(out.getvalue(), err.getvalue())

ask("dlexp.__main__", "--help")
ask("dlexp.__main__", "--cfg", "job")
os.environ["COMP_LINE"] = "dlexp model=goo"
ask("dlexp.__main__", "-sc", "query=bash")
ask("dlexp.__main__", "modle=lenet")
ask("dlexp.__main__", "model=lenett")
ask("dlexp.__main__", "model.activatoin=relu")
ask("dlexp.__main__", "+model.activatoin=relu")
ask("dlexp.__main__", "trainer.max_epochs=ten")
ask("dlexp.evaluate", "--help")
ask("dlexp.evaluate", "nowhere")
ask("dlexp.predict", "--help")
ask("dlexp.predict", "nowhere", "a.png")
ask("dlexp.generate", "--help")
ask("dlexp.generate", "nowhere", "n=3")
ask("dlexp.generate", "nowhere", "m=3")
ask("dlexp.reconstruct", "--help")
ask("dlexp.reconstruct", "nowhere", "b.png")
ask("dlexp.report", "--help")
"""


def test_answers_without_torch(tmp_path) -> None:
    """All in one process: had the first one imported torch, the others would show it as well."""
    program = ASK.replace("{SLOW!r}", repr(SLOW))
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=environment, capture_output=True, text=True
    )
    assert done.stderr == ""
    heads = [line for line in done.stdout.splitlines() if line.startswith("----")]
    assert heads == [
        "---- --help 0",
        "---- --cfg job 0",
        "---- -sc query=bash 0",
        "---- modle=lenet 1",
        "---- model=lenett 1",
        "---- model.activatoin=relu 1",
        "---- +model.activatoin=relu 1",
        "---- trainer.max_epochs=ten 1",
        "---- --help 0",
        "---- nowhere 1",
        "---- --help 0",
        "---- nowhere a.png 1",
        "---- --help 0",
        "---- nowhere n=3 1",
        "---- nowhere m=3 1",
        "---- --help 0",
        "---- nowhere b.png 1",
        "---- --help 0",
    ]
    answers = dict(zip(heads, done.stdout.split("----")[1:], strict=False))
    assert "model=googlenet" in answers["---- -sc query=bash 0"]
    for head, meant in {
        "---- modle=lenet 1": "model",
        "---- model=lenett 1": "lenet",
        "---- model.activatoin=relu 1": "activation",
        "---- +model.activatoin=relu 1": "activation",
        "---- trainer.max_epochs=ten 1": "whole number",
    }.items():
        (line,) = [line for line in answers[head].splitlines()[1:] if line.strip()]
        assert line.strip().startswith("dlexp: ")
        assert meant in line.replace(head.split()[1], "")
    assert "_target_: dlexp.models.vision.lenet.LeNet5" in answers["---- --cfg job 0"]
