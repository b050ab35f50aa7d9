"""The walks of optimizers as a table on the terminal: a row an optimizer, the nearest first."""

import math

from lightning.pytorch import Callback, LightningModule, Trainer

COLUMNS = {"lr": "learning rate", "memory": "memory", "steps": "steps", "distance": "distance", "loss": "value"}


class PathTable(Callback):
    """Reads test/lr_NAME, test/steps_NAME, … of the task OptimizerPaths; what was not logged is a dash."""

    def on_test_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        if not trainer.is_global_zero or trainer.fast_dev_run:
            return
        from rich.console import Console
        from rich.table import Table

        metrics = {name: value.item() for name, value in trainer.callback_metrics.items()}
        rows = {
            name: {kind: metrics.get(f"test/{kind}_{name}", math.nan) for kind in COLUMNS} for name in pl_module.rules
        }
        shown = [kind for kind in COLUMNS if any(math.isfinite(row[kind]) for row in rows.values())]
        table = Table(box=None, pad_edge=False, header_style="bold")
        table.add_column("")
        for kind in shown:
            table.add_column(COLUMNS[kind], justify="right")
        far_last = sorted(rows, key=lambda name: (math.isnan(rows[name]["distance"]), rows[name]["distance"]))
        for name in far_last:
            table.add_row(name, *(number(rows[name][kind]) for kind in shown))
        console = Console(highlight=False, soft_wrap=True)
        console.print(f"\nsteps until within {pl_module.near:g} of a minimum, then where the walk ends:")
        console.print(table)


def number(value: float) -> str:
    return f"{value:.3g}" if math.isfinite(value) else "—"
