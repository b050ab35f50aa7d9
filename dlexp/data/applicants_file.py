"""Applicants from a csv file, checked cell by cell: whatever is wrong is said in one line, with its place."""

import csv
from pathlib import Path

import numpy as np

from dlexp.errors import InputError

COLUMNS = ("admit", "gre", "gpa", "rank")
BOUNDS = {"admit": (0, 1), "gre": (200, 800), "gpa": (0, 4), "rank": (1, 4)}  # both ends included
WHOLE = ("admit", "rank")


def read_applicants(path: Path) -> np.ndarray:
    """float64 (N, 4), the columns in the order of COLUMNS whatever it is in the file. InputError if it cannot be."""
    lines = read_lines(path)
    if not lines:
        raise InputError(f"data.csv={path} is empty: its first line must be {','.join(COLUMNS)}")
    (_, header), *rows = lines
    places = [header.index(name) for name in check_header(path, header)]
    for number, cells in rows:
        if len(cells) != len(header):
            raise InputError(f"data.csv={path}, line {number}: {len(cells)} cells, but the header has {len(header)}")
    values = [
        [cell(path, number, name, cells[place]) for name, place in zip(COLUMNS, places, strict=True)]
        for number, cells in rows
    ]
    return np.array(values, dtype=np.float64).reshape(-1, len(COLUMNS))


def read_lines(path: Path) -> list[tuple[int, list[str]]]:
    """(number of the line, its cells) of each line that is not blank."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, strict=True)
            return [(reader.line_num, [text.strip() for text in cells]) for cells in reader if any(cells)]
    except FileNotFoundError as error:
        raise InputError(f"data.csv={path}: there is no such file") from error
    except OSError as error:
        raise InputError(f"data.csv={path} cannot be read: {error.strerror}") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"data.csv={path} is not a csv file: {error}") from error


def check_header(path: Path, header: list[str]) -> tuple[str, ...]:
    """COLUMNS, if the header names each of them once and nothing else."""
    for problem, names in (
        ("has no column", [name for name in COLUMNS if name not in header]),
        ("has an unknown column", [name for name in header if name not in COLUMNS]),
        ("has more than one column", [name for name in COLUMNS if header.count(name) > 1]),
    ):
        if names:
            raise InputError(
                f"data.csv={path} {problem} '{names[0]}': its first line must be {','.join(COLUMNS)}, in any order"
            )
    return COLUMNS


def cell(path: Path, line: int, column: str, text: str) -> float:
    """The number in a cell, within the bounds of its column."""
    where = f"data.csv={path}, line {line}, {column}"
    if not text:
        raise InputError(f"{where}: the cell is empty")
    try:
        value = float(text)
    except ValueError:
        raise InputError(f"{where}: '{text}' is not a number") from None
    low, high = BOUNDS[column]
    if not low <= value <= high or (column in WHOLE and value != int(value)):
        kind = " or ".join(map(str, range(low, high + 1))) if column in WHOLE else f"from {low} to {high}"
        raise InputError(f"{where}: {text} must be {kind}")
    return value
