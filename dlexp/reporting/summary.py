"""The few lines that a run ends with on the terminal."""

from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

STAGES = ("train", "val", "test")


def print_summary(result: dict[str, Any], page: Path) -> None:
    metrics = result["metrics"]
    names = list(dict.fromkeys(key.split("/", 1)[1] for key in metrics if not key.endswith("/lr")))
    names = [name for name in names if any(f"{stage}/{name}" in metrics for stage in STAGES)]
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("")
    for name in names:
        table.add_column(name, justify="right")
    for stage in STAGES:
        if any(f"{stage}/{name}" in metrics for name in names):
            cells = (metrics.get(f"{stage}/{name}") for name in names)
            table.add_row(stage, *("" if value is None else f"{value:.4f}" for value in cells))

    console = Console(highlight=False, soft_wrap=True)
    parameters = f"{result['parameters']:,} parameters"
    console.print(f"\n{result['model']} on {result['data']}: {parameters}, {result['seconds']:.1f} s", style="bold")
    console.print(table)
    console.print(f"report: {page}")
