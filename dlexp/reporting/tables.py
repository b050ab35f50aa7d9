"""Tables of a page: cells that know how they are shown and how they sort, as Markdown and as plain text."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property


@dataclass(frozen=True)
class Cell:
    """`text` is shown, as a link if there is one; a number is what the column is sorted by.

    On a page, `note` is said when one points at the cell, and `kind` is a class of its style.
    """

    text: str
    number: float | None = None
    link: str | None = None
    note: str | None = None
    kind: str | None = None


@dataclass(frozen=True)
class Table:
    """Rows of as many cells as there are headings; the first cell names the row."""

    headings: list[str]
    rows: list[list[Cell]] = field(default_factory=list)

    @cached_property
    def numeric(self) -> list[bool]:
        """Which columns hold numbers; they are aligned to the right."""
        return [any(row[i].number is not None for row in self.rows) for i in range(len(self.headings))]

    def without_empty_columns(self, empty: str) -> "Table":
        """Leave out the columns in which every cell reads `empty`."""
        kept = [i for i in range(len(self.headings)) if any(row[i].text != empty for row in self.rows)]
        return Table([self.headings[i] for i in kept], [[row[i] for i in kept] for row in self.rows])


def escape_markdown(text: object) -> str:
    """Text that Markdown shows as it is, on one line and within a table's cell."""
    return re.sub(r"([\\`*\[\]<>|#~&])", r"\\\1", " ".join(str(text).split()))


def as_markdown(table: Table) -> str:
    """A pipe table."""
    rule = "|".join("---:" if numeric else ":---" for numeric in table.numeric)
    lines = [_join(table.headings, escape_markdown), f"|{rule}|"]
    return "\n".join([*lines, *(_join([cell.text for cell in row], escape_markdown) for row in table.rows)])


def _join(texts: list[str], escape: Callable[[object], str]) -> str:
    return f"| {' | '.join(map(escape, texts))} |"


def as_text(table: Table) -> str:
    """Aligned columns for a terminal."""
    rows = [table.headings, *([cell.text for cell in row] for row in table.rows)]
    columns = []
    for texts, numeric in zip(zip(*rows, strict=True), table.numeric, strict=True):
        width = max(map(len, texts))
        columns.append([text.rjust(width) if numeric else text.ljust(width) for text in texts])
    return "\n".join("  ".join(row).rstrip() for row in zip(*columns, strict=True))
