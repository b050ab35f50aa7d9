"""`python -m dlexp.evaluate RUN`: the test metrics again, from the folder alone."""

import json
import shutil

import pytest

from dlexp import evaluate
from dlexp.composition.command import command


@pytest.fixture(scope="module")
def run(launch, small, tmp_path_factory):
    end = launch(*small, "callbacks=[default,ema]", "seed=3", folder=tmp_path_factory.mktemp("run") / "run")
    assert end.code == 0, end.err
    return end.folder


@pytest.fixture
def ask(call, tmp_path):
    def ask(*words):
        return call(lambda: command(evaluate.main), *words, folder=tmp_path)

    return ask


def read(text: str) -> dict[str, list[float]]:
    """Metric: what was found, and what was recorded."""
    lines = (line.replace("recorded", "").split() for line in text.splitlines())
    return {name: [float(value) for value in values] for name, *values in lines}


def test_a_folder_that_was_moved(ask, run, tmp_path):
    moved = tmp_path / "another place" / "model=linear,seed=3"
    shutil.copytree(run, moved)
    recorded = json.loads((moved / "result.json").read_text())["metrics"]
    before = {path: path.stat().st_mtime_ns for path in moved.rglob("*") if path.is_file()}
    end = ask(moved)
    assert (end.code, end.err) == (0, "")
    found = read(end.out)
    assert found.keys() == {name for name in recorded if name.startswith("test/")}
    for name, (value, noted) in found.items():
        assert value == noted == pytest.approx(recorded[name], abs=1e-6)
    assert {path: path.stat().st_mtime_ns for path in moved.rglob("*") if path.is_file()} == before


def test_overrides(ask, run):
    whole, parts = (read(ask(run, f"data.eval_batch_size={size}").out) for size in (360, 50))
    assert len(whole) == 7
    for name, values in whole.items():
        assert values == pytest.approx(parts[name], abs=2e-6)
    limited = ask(run, "trainer.limit_test_batches=1", "data.eval_batch_size=180")
    assert read(limited.out)["test/loss"][0] != whole["test/loss"][0]


def test_a_run_without_its_result_is_tested_as_well(ask, run, tmp_path):
    shutil.copytree(run, tmp_path / "run")
    (tmp_path / "run" / "result.json").unlink()
    found = read(ask(tmp_path / "run").out)
    assert all(len(values) == 1 for values in found.values())


@pytest.mark.parametrize(
    ("spoil", "words", "part"),
    [
        (lambda folder: shutil.rmtree(folder / ".hydra"), (), "not a run's folder"),
        (lambda folder: shutil.rmtree(folder / "checkpoints"), (), "no checkpoint"),
        (lambda folder: (folder / "checkpoints" / "best.ckpt").write_bytes(b"x"), (), "damaged"),
        (lambda folder: None, ("trainer.acelerator=cpu",), "acelerator"),
        (lambda folder: None, ("modle=lenet",), "modle"),
        (lambda folder: None, ("model.num_classes=5",), "num_classes"),
        (lambda folder: None, ("trainer.accelerator",), "accelerator"),
    ],
    ids=["config", "checkpoints", "damaged", "key", "group", "value", "word"],
)
def test_one_line_says_what_is_wrong(ask, run, tmp_path, spoil, words, part):
    folder = tmp_path / "run"
    shutil.copytree(run, folder)
    spoil(folder)
    end = ask(folder, *words)
    assert (end.code, end.out) == (1, "")
    (line,) = end.err.splitlines()
    assert line.startswith("dlexp: ")
    assert part in line


def test_a_folder_that_is_not_there(ask, tmp_path):
    end = ask(tmp_path / "nowhere")
    assert end.code == 1
    assert end.err == f"dlexp: {tmp_path / 'nowhere'} is not a run's folder: it has no .hydra/config.yaml\n"
