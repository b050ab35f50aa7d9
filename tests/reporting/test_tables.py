"""Tables as Markdown and as text."""

from dlexp.reporting.tables import Cell, Table, as_markdown, as_text

TABLE = Table(
    ["", "loss", "why", "never"],
    [
        [Cell("a|b"), Cell("0.5", 0.5), Cell("<script>"), Cell("—")],
        [Cell("long name"), Cell("—"), Cell("*x*"), Cell("—")],
    ],
)


def test_markdown_escapes_and_aligns():
    assert as_markdown(TABLE).splitlines() == [
        "|  | loss | why | never |",
        "|:---|---:|:---|:---|",
        r"| a\|b | 0.5 | \<script\> | — |",
        r"| long name | — | \*x\* | — |",
    ]


def test_text_aligns():
    assert as_text(TABLE.without_empty_columns("—")).splitlines() == [
        "           loss  why",
        "a|b         0.5  <script>",
        "long name     —  *x*",
    ]


def test_no_rows():
    empty = Table(["job", "reason"])
    assert as_text(empty) == "job  reason"
    assert empty.without_empty_columns("—").headings == []
