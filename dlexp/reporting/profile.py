"""What a run found along a scale, such as accuracy by length: kept as a file, so that a study can lay runs together."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

from dlexp.reporting import style
from dlexp.reporting.atomic import write_text
from dlexp.reporting.labels import label_lines
from dlexp.reporting.overlaid import MOST_BANDS, draw_line
from dlexp.reporting.quantities import known
from dlexp.reporting.ticks import plain_log_ticks

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from pandas import DataFrame

FOLDER = "profiles"
MOST_DOTS = 30


@dataclass(frozen=True)
class Profile:
    """`y` along `x`, both as long. The names are those of the axes, with units (`norm of the gradient`)."""

    title: str  # what the figure says above it
    x_name: str
    y_name: str
    x: Sequence[float]
    y: Sequence[float | None]  # None where nothing was measured
    logarithmic: bool = False  # y, of which 0 and less are then left out
    trained: Sequence[float] | None = None  # the first and the last x that training has seen, shaded
    baseline: float | None = None  # a y to hold the line against, and
    baseline_name: str | None = None  # what it is


def keep(folder: Path, name: str, profile: Profile) -> None:
    """As profiles/NAME.json in a run's folder; what is not finite was not measured."""
    (folder / FOLDER).mkdir(exist_ok=True)
    finite = replace(profile, y=[y if known(y) else None for y in profile.y])
    write_text(folder / FOLDER / f"{name}.json", json.dumps(asdict(finite), allow_nan=False) + "\n")


def kept(folder: Path) -> dict[str, Profile]:
    """All profiles of a run's folder by name; what cannot be read is left out."""
    found = {}
    for path in sorted((folder / FOLDER).glob("*.json")):
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            found[path.stem] = Profile(**{field.name: content[field.name] for field in fields(Profile)})
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return found


def profile_figure(profile: Profile, tables: "Mapping[str, DataFrame]") -> "Figure":
    """A line for each table, the best first: x as rows, seeds as columns. All else is as `profile` says."""
    figure, (axes,) = style.new_figure()
    if profile.trained is not None:
        axes.axvspan(*profile.trained, color=style.GRID, alpha=0.6, linewidth=0, zorder=0)
    means = {}
    for place, ((label, table), look) in enumerate(zip(tables.items(), style.LOOKS, strict=False)):
        shown = table.where(table > 0) if profile.logarithmic else table
        means[label] = shown.mean(axis=1).dropna()
        draw_line(axes, means[label], shown.std(axis=1)[means[label].index], look, banded=place < MOST_BANDS)
        if len(means[label]) <= MOST_DOTS:  # what lies between them was not measured
            axes.lines[-1].set(marker="o", markersize=3)
    if profile.logarithmic and any(map(len, means.values())):
        axes.set_yscale("log")
        plain_log_ticks(axes.yaxis, lambda value: f"{value:g}")
    style.title(axes, profile.title)
    style.axis_names(axes, x=profile.x_name, y=profile.y_name)
    baseline = {} if profile.baseline is None else {profile.baseline_name or "baseline": profile.baseline}
    label_lines(axes, means, baseline)
    return figure


def as_table(profile: Profile) -> "DataFrame":
    """Of one run, for `profile_figure`."""
    import pandas as pd

    return pd.DataFrame({0: pd.Series(profile.y, index=profile.x, dtype=float)})
