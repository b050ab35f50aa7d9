"""Whatever lies in a run's folder can be read."""

import json

import pytest

from dlexp.errors import InputError
from dlexp.reporting.run_folder import is_run, read_run


def test_a_finished_run(tmp_path, write_run):
    run = read_run(write_run(tmp_path / "run"))
    assert run.result.status == "finished"
    assert run.result.metrics["test/accuracy"] == 0.9
    assert run.history["epoch"].tolist() == [0, 1, 2]
    assert run.history["val/loss"].tolist() == [1.5, 0.4, 0.45]
    assert "name: lenet" in run.config
    assert [path.name for path in run.figures] == ["confusion_matrix.png"]
    assert run.log is None
    assert run.last_checkpoint is None


@pytest.mark.parametrize("make", [lambda path: None, lambda path: path.mkdir(), lambda path: path.write_text("")])
def test_not_a_run(tmp_path, make):
    make(tmp_path / "thing")
    assert not is_run(tmp_path / "thing")
    with pytest.raises(InputError, match=r"thing is not a (run's )?folder"):
        read_run(tmp_path / "thing")


def test_a_run_that_never_began(tmp_path):
    (tmp_path / ".hydra").mkdir()
    run = read_run(tmp_path)
    assert run.result.status == "missing"
    assert "never began" in run.result.error
    assert (len(run.history), run.config, run.figures) == (0, "", [])


@pytest.mark.parametrize("text", ["", "{", "[1]", '"finished"', "\0"])
def test_a_broken_result(tmp_path, text):
    (tmp_path / "result.json").write_text(text)
    result = read_run(tmp_path).result
    assert result.status == "unknown"
    assert result.error.startswith("result.json cannot be read")
    assert "\n" not in result.error


def test_a_result_of_another_version(tmp_path):
    content = {
        "status": "finished",
        "metrics": {"test/accuracy": 0.5, "test/words": "many", "test/loss": None, "test/ok": True},
        "seconds": "12",
        "parameters": 7,
        "overrides": {"model": "lenet"},
        "device": None,
        "unheard of": 1,
    }
    (tmp_path / "result.json").write_text(json.dumps(content))
    result = read_run(tmp_path).result
    assert result.metrics == {"test/accuracy": 0.5}
    assert (result.seconds, result.parameters, result.overrides, result.device) == (None, 7, [], None)


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        ("", 0),
        ("a,b\n1,2\n", 0),
        ("\0\xff\n\n", 0),
        ("step,epoch,val/loss\n1,0,0.5\n2,1,oops\n3,2,0.1,9,9\n4,", 3),
    ],
)
def test_a_broken_history(tmp_path, write_run, text, rows):
    run = read_run(write_run(tmp_path / "run", history=text))
    assert len(run.history) == rows
    assert all(dtype.kind in "fi" for dtype in run.history.dtypes)


def test_the_log_of_a_failure_comes_first(tmp_path, write_run):
    folder = write_run(tmp_path / "run")
    (folder / "dlexp.log").write_text("")
    assert read_run(folder).log.name == "dlexp.log"
    (folder / "error.log").write_text("")
    assert read_run(folder).log.name == "error.log"
