"""The few lines that a run ends with on the terminal."""

from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from dlexp.reporting import quantities

STAGES = ("train", "val", "test")


def print_summary(result: dict[str, Any], page: Path) -> None:
    """What was run, a line for each metric with a column for each split, and where the report lies."""
    metrics = result["metrics"]
    stages = [stage for stage in STAGES if any(key.startswith(f"{stage}/") for key in metrics)]
    split = [key.split("/", 1) for key in metrics]
    names = dict.fromkeys(name for stage, name in split if stage in stages and name != "lr")
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("")
    for stage in stages:
        table.add_column(stage, justify="right")
    for name in names:
        values = (metrics.get(f"{stage}/{name}") for stage in stages)
        table.add_row(name, *("" if value is None else quantities.metric(name, value) for value in values))

    console = Console(highlight=False, soft_wrap=True)
    named = " on ".join(name for name in (result["model"], result["data"]) if name) or result["task"]
    console.print(f"\n{named}: {result['parameters']:,} parameters, {result['seconds']:.1f} s", style="bold")
    console.print(table)
    console.print(f"report: {page}")
