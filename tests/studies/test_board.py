"""What one sees while a study runs."""

import io
import re

import pytest
from rich.console import Console

from dlexp.studies.board import Board

CONFIG = "trainer: {max_epochs: 4}\ntask: {monitor: val/accuracy}\nseed: 0\n"


@pytest.fixture
def jobs(tmp_path):
    """Three folders with a frozen config."""
    folders = [tmp_path / "study" / f"seed={i}" for i in range(3)]
    for folder in folders:
        (folder / ".hydra").mkdir(parents=True)
        (folder / ".hydra" / "config.yaml").write_text(CONFIG)
    return folders


@pytest.fixture
def board(jobs):
    board = Board(jobs, jobs)
    board.console = Console(file=io.StringIO(), width=120)
    return board


def shown(board) -> str:
    console = Console(file=io.StringIO(), width=120)
    console.print(board.table())
    return re.sub(" +", " ", console.file.getvalue())


def begin(folder, epochs: int) -> None:
    (folder / "result.json").write_text('{"status": "running"}')
    rows = [f"{10 * i},{i},0.5,{0.8 + i / 100}" for i in range(epochs)]
    (folder / "metrics.csv").write_text("\n".join(["step,epoch,train/loss,val/accuracy", *rows]) + "\n")


def test_the_table(board, jobs):
    text = shown(board)
    assert "0 running · 3 waiting · 0 finished · 0 failed" in text
    assert "left" not in text  # nobody knows yet
    begin(jobs[0], epochs=2)
    begin(jobs[1], epochs=1)
    board.begun -= 30
    text = shown(board)
    assert "2 running · 1 waiting · 0 finished · 0 failed · about" in text
    assert "seed=0 2/4 validation accuracy 81.00 %" in text
    assert "seed=1 1/4 validation accuracy 80.00 %" in text
    assert board.time_left() == pytest.approx(30 / 0.75 * 2.25, rel=0.05)


def test_a_result_of_an_earlier_attempt_is_no_beginning(jobs):
    begin(jobs[0], epochs=1)
    board = Board(jobs, jobs)
    board.refresh()
    assert board.waiting == jobs
    begin(jobs[0], epochs=1)
    board.refresh()
    assert board.waiting == jobs[1:]


@pytest.mark.parametrize(
    ("result", "reason", "line"),
    [
        (
            '{"status": "finished", "monitor": "val/accuracy", "metrics": {"val/accuracy": 0.9}, "seconds": 3}',
            None,
            "[1/3] seed=0  finished: validation accuracy 90.00 %, 3 s",
        ),
        ('{"status": "failed", "error": "out of memory"}', None, "[1/3] seed=0  failed: out of memory"),
        ('{"status": "running"}', "another process", "[1/3] seed=0  running: another process"),
    ],
)
def test_a_line_for_each_end(board, jobs, result, reason, line):
    (jobs[0] / "result.json").write_text(result)
    board.ended(jobs[0], reason)
    assert board.console.file.getvalue() == line + "\n"
    assert jobs[0] not in board.waiting
