"""Made-up folders of finished runs, a parser that is strict with pages, and real commands in this process."""

import contextlib
import io
import json
import logging
import os
import signal
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hydra.core.hydra_config import HydraConfig

from dlexp.composition.plugins import register_plugins

register_plugins()  # before anything here lets Hydra look for plugins
os.environ.setdefault("OMP_NUM_THREADS", "1")  # before torch is imported: with -n auto there is a worker on every core


@pytest.fixture(autouse=True)
def no_trace_in_hydra() -> Iterator[None]:
    """The config of a command that ran in this process would reach the next test."""
    hydra = HydraConfig.instance()
    with patch.object(hydra, "cfg", hydra.cfg):
        yield


PIXEL = bytes.fromhex(  # a PNG image of one grey pixel
    "89504e470d0a1a0a0000000d4948445200000001000000010800000000"
    "3a7e9b550000000a49444154789c6378000000810081e7de2e730000000049454e44ae426082"
)


def write_run(
    folder: Path,
    *,
    history: str | None = "step,epoch,train/loss,train/accuracy,val/loss,val/accuracy\n"
    "10,0,1.9,0.4,1.5,0.6\n20,1,0.5,0.9,0.4,0.92\n30,2,0.2,0.97,0.45,0.91\n",
    figures: tuple[str, ...] = ("confusion_matrix",),
    **result: object,
) -> Path:
    """Write the folder of a run of LeNet on digits; `result` replaces keys of its result.json."""
    hydra = folder / ".hydra"
    hydra.mkdir(parents=True)
    content = {
        "status": "finished",
        "task": "cnn_compare",
        "model": "lenet",
        "data": "digits",
        "choices": {"task": "cnn_compare", "model": "lenet", "data": "digits", "optimizer": "adamw"},
        "overrides": ["model=lenet", "seed=0"],
        "metrics": {
            "train/loss": 0.5,
            "train/accuracy": 0.9,
            "val/loss": 0.4,
            "val/accuracy": 0.92,
            "test/loss": 0.42,
            "test/accuracy": 0.9,
            "test/auc": 0.991,
        },
        "best_epoch": 1,
        "epochs": 3,
        "monitor": "val/accuracy",
        "mode": "max",
        "error": None,
        "seconds": 12.3,
        "seconds_per_epoch": 1.1,
        "throughput": 1300.0,
        "parameters": 61706,
        "flops": 416520,
        "peak_memory": 512 * 2**20,
        "seed": 0,
        "device": "cpu (2 threads of 2 cores)",
        "precision": "32-true",
        "versions": {"python": "3.11.7", "torch": "2.14.1"},
        "commit": "0123456789ab",
        "config_hash": "abcdef0123456789",
        "started": "2026-01-31T12:00:00+00:00",
        "test_size": 360,
        "classes": [str(digit) for digit in range(10)],
        "input_shape": [1, 28, 28],
    } | result
    (folder / "result.json").write_text(json.dumps(content))
    (hydra / "config.yaml").write_text("seed: 0\nmodel:\n  name: lenet\n")
    (hydra / "overrides.yaml").write_text("".join(f"- {word}\n" for word in content["overrides"]))
    if history is not None:
        (folder / "metrics.csv").write_text(history)
    (folder / "figures").mkdir()
    for name in figures:
        (folder / "figures" / f"{name}.png").write_bytes(PIXEL)
    return folder


@pytest.fixture(name="write_run")
def write_run_fixture() -> Callable[..., Path]:
    return write_run


class Page(HTMLParser):
    """A page; its tags must be closed in order and it must ask for nothing from elsewhere."""

    VOID = frozenset(("meta", "br", "img", "hr", "link", "input", "wbr"))
    ADDRESSES = ("href", "src", "xlink:href", "action", "data", "srcset")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self.open: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []
        assert "@import" not in text
        assert "url(http" not in text

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_startendtag(tag, attrs)
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            assert not name.startswith("on"), "an attribute holds a script"
            if name in self.ADDRESSES:
                assert not value.startswith(("http:", "https:", "//", "javascript:"))
                self.links += [] if value.startswith("#") else [value]

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"script", "style"} & set(self.open):
            self.text += data


@pytest.fixture
def parse_page() -> Callable[[str], Page]:
    return Page


# --- real commands ---------------------------------------------------------------------------------------

SMALL = (  # 4 batches an epoch, a tenth of a second; on the CPU also where there is a GPU
    *("model=linear", "trainer=cpu", "trainer.max_epochs=2"),
    *("data.limit=200", "data.validation=60", "data.batch_size=50"),
)
PLAIN = (  # what draws and writes pictures takes longer than so small a training
    *("logger=none", "callbacks.curves=null", "callbacks.classification_figures=null"),
)


@dataclass(frozen=True)
class Ending:
    """How a command ended."""

    code: int
    out: str
    err: str
    folder: Path

    @property
    def result(self) -> dict[str, Any]:
        return json.loads((self.folder / "result.json").read_text())

    @property
    def history(self) -> str:
        return (self.folder / "metrics.csv").read_text()


@contextlib.contextmanager
def untouched_process() -> Iterator[None]:
    """A run sets up logging, warnings, variables of the environment, SIGTERM and Hydra itself: put them back."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    hydra = HydraConfig.instance()
    on_sigterm = signal.getsignal(signal.SIGTERM)
    with warnings.catch_warnings(), patch.dict(os.environ), patch.object(hydra, "cfg", hydra.cfg):
        try:
            yield
        finally:
            signal.signal(signal.SIGTERM, on_sigterm)
            root.handlers[:] = handlers
            root.setLevel(level)


@contextlib.contextmanager
def no_report() -> Iterator[None]:
    """Its figures take longer than a small training."""
    page = {"side_effect": lambda folder: folder / "report.html"}
    with patch("dlexp.run.write_report", **page), patch("dlexp.record.write_report", **page):
        yield


def call(main: Callable[[], None], *words: object, folder: Path, report: bool = False) -> Ending:
    """The command whose entry point is `main`, with these words after its name."""
    out, err = io.StringIO(), io.StringIO()
    code = 0
    with (
        untouched_process(),
        contextlib.nullcontext() if report else no_report(),
        patch.object(sys, "argv", ["dlexp", *map(str, words)]),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        try:
            main()
        except SystemExit as end:
            code = end.code or 0
    return Ending(code, out.getvalue(), err.getvalue(), folder)


def launch(*words: object, folder: Path, report: bool = False) -> Ending:
    """`python -m dlexp WORDS`, its run or study in `folder`. In another process, torch alone would take seconds."""
    from dlexp.__main__ import main

    place = "hydra.sweep.dir" if "-m" in words else "hydra.run.dir"
    return call(main, f'{place}="{folder}"', *words, folder=folder, report=report)


@pytest.fixture(name="call", scope="session")
def call_fixture() -> Callable[..., Ending]:
    return call


@pytest.fixture(name="launch", scope="session")
def launch_fixture() -> Callable[..., Ending]:
    return launch


@pytest.fixture
def refused(launch: Callable[..., Ending], tmp_path: Path) -> Callable[..., None]:
    def run(*words: str, parts: Iterable[str]) -> None:
        """The command of `words` says one line that has all `parts`, and fails."""
        end = launch(*words, folder=tmp_path / "run")
        assert end.code == 1
        (line,) = end.err.splitlines()
        assert line.startswith("dlexp: ")
        for part in parts:
            assert part in line

    return run


@pytest.fixture(scope="session")
def small() -> tuple[str, ...]:
    """The words of a training that takes a moment, without figures."""
    return (*SMALL, *PLAIN)
