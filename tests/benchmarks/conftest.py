"""What the benchmarks share: MNIST or images of its shape, and a table of ratios at the end."""

import os
from pathlib import Path

import numpy as np
import pytest

FILES = {
    "train-images-idx3-ubyte": (60_000, 28, 28),
    "train-labels-idx1-ubyte": (60_000,),
    "t10k-images-idx3-ubyte": (10_000, 28, 28),
    "t10k-labels-idx1-ubyte": (10_000,),
}
ROWS: list[str] = []  # of the tables


@pytest.fixture
def report() -> list[str]:
    """Lines for the end of the session's output."""
    return ROWS


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if ROWS:
        terminalreporter.section("ratios: medians of rounds in turn")
        for row in ROWS:
            terminalreporter.line(row)


@pytest.fixture(scope="session")
def mnist_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data_dir of MNIST's files: the real ones where they are, else files of random pixels."""
    real = Path(os.environ.get("DLEXP_DATA_DIR", "~/.cache/dlexp")).expanduser()
    if all(list((real / "MNIST" / "raw").glob(f"{name}*")) for name in FILES):
        return real
    folder = tmp_path_factory.mktemp("data")
    raw = folder / "MNIST" / "raw"
    raw.mkdir(parents=True)
    random = np.random.default_rng(0)
    for name, shape in FILES.items():
        header = bytes([0, 0, 8, len(shape)]) + np.array(shape, dtype=">u4").tobytes()
        values = random.integers(256 if "images" in name else 10, size=shape, dtype=np.uint8)
        (raw / name).write_bytes(header + values.tobytes())
    return folder
