"""Figures of one run, from arrays: learning curves, confusion, mistakes."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from dlexp.reporting import quantities, style
from dlexp.reporting.labels import label_lines
from dlexp.reporting.ticks import metric_ticks, plain_log_ticks

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from pandas import DataFrame, Series

STAGES = ("train", "val")
MOST_CELLS = 20  # classes up to which a confusion matrix has numbers and every name
MOST_MISTAKES = 24
MOST_PANELS = 4  # of curves


def by_epoch(history: "DataFrame", metric: str) -> "Series":
    """One value of `metric` (`val/loss`) an epoch, the mean of what it logged; the index counts from 1."""
    values = history.reindex(columns=["epoch", metric]).groupby("epoch")[metric].mean().dropna()
    values.index = values.index.astype(int) + 1
    return values


def baselines(histories: "Sequence[DataFrame]", metric: str) -> dict[str, float]:
    """What `metric` is held against, by name: the mean of each `metric_of_NAME` (`val/mse_of_pca`) that was logged."""
    found: dict[str, list[float]] = {}
    for history in histories:
        for column in history:
            if column.startswith(f"{metric}_of_") and history[column].notna().any():
                found.setdefault(quantities.spoken(column.removeprefix(f"{metric}_of_")), []).append(
                    history[column].mean()
                )
    return {name: sum(values) / len(values) for name, values in found.items()}


def curve_names(history: "DataFrame", monitor: str | None = None) -> list[str]:
    """Which metrics are worth a panel: those logged in training and in validation, and the monitored one.

    Of two that are the same numbers under two names, as a loss that is the mean squared error, the first will do.
    """
    logged = [column.split("/", 1) for column in history if "/" in column and history[column].notna().any()]
    names = {stage: [name for s, name in logged if s == stage] for stage in STAGES}
    monitored = monitor.split("/", 1)[-1] if monitor else "loss"
    wanted = [name for name in names["train"] if name in names["val"]] + [monitored, "loss"]
    found = [n for n in dict.fromkeys(wanted) if n in names["train"] or n in names["val"]]
    found.sort(key=lambda name: name != "loss")  # the loss first
    lines = {name: history.reindex(columns=[f"{s}/{name}" for s in STAGES]).to_numpy(float) for name in found}
    again = {b for a, b in combinations(found, 2) if np.array_equal(lines[a], lines[b], equal_nan=True)}
    return [name for name in found if name not in again][:MOST_PANELS]


def curves(history: "DataFrame", *, names: Sequence[str] | None = None, best_epoch: int | None = None) -> "Figure":
    """A panel for each metric in `names` (`loss`, `accuracy`): training and validation over the epochs.

    `history` has columns `epoch` and `stage/name`, as metrics.csv; `best_epoch` counts from 0, as they do.
    """
    names = curve_names(history) if names is None else names
    figure, panels = style.new_figure(columns=max(1, len(names)))
    if not names:
        panels[0].set_axis_off()
        style.title(panels[0], "No curves: nothing was logged")
    for axes, name in zip(panels, names, strict=False):
        lines = {stage: by_epoch(history, f"{stage}/{name}") for stage in STAGES}
        lines = {stage: line for stage, line in lines.items() if len(line)}
        title = quantities.heading(name)
        for line, look in zip(lines.values(), style.LOOKS, strict=False):
            axes.plot(line.index, line, linewidth=1.8, **look, **dots(line))
        if best_epoch is not None and max(map(len, lines.values()), default=0) > 1:
            best = best_epoch + 1
            title += f" · best epoch {best}"
            axes.axvline(best, color=style.MUTED, linewidth=0.9, linestyle=(0, (3, 2)), zorder=1)
            for line, look in zip(lines.values(), style.LOOKS, strict=False):
                if best in line.index:
                    axes.plot(best, line[best], "o", markersize=6.5, markeredgecolor=style.PAPER, **look)
        finish_curves(axes, lines, name, title, baselines([history], f"val/{name}"))
    return figure


def confusion_matrix(counts: np.ndarray, classes: Sequence[str]) -> "Figure":
    """How often each true class (row) was predicted as each class (column).

    Numbers are counts (C, C), colours the share of the row; above 20 classes the numbers are left out.
    """
    counts = np.asarray(counts)
    names = [_cut(str(name), 18) for name in classes]
    few = len(names) <= MOST_CELLS
    side = 2.4 + 0.36 * len(names) if few else 7.5  # inches
    figure, (axes,) = style.new_figure(width=max(side, 3.6) + 0.6, height=max(side, 3.4))
    totals = counts.sum(axis=1, keepdims=True)
    shares = counts / np.maximum(totals, 1)  # (C, C); a class without samples stays 0

    from matplotlib.colors import LinearSegmentedColormap, PowerNorm

    # The root lifts the few mistakes, which are what one looks for, out of the white.
    colours = LinearSegmentedColormap.from_list("paper", style.SHADES)
    image = axes.imshow(shares, cmap=colours, norm=PowerNorm(0.5, 0, 1), interpolation="nearest")
    bar = figure.colorbar(image, ax=axes, shrink=0.75, aspect=28, pad=0.02, ticks=[0, 0.01, 0.1, 0.25, 0.5, 1])
    bar.ax.set_yticklabels(["0", "1", "10", "25", "50", "100"], fontsize=style.SMALL, color=style.INK)
    bar.set_label("share of the true class (%)", fontsize=style.SMALL, color=style.MUTED)
    bar.outline.set_visible(False)
    bar.ax.tick_params(color=style.MUTED, length=2)

    axes.grid(visible=False)
    axes.spines[:].set_visible(False)
    shown = range(0, len(names), 1 if few else -(-len(names) // MOST_CELLS))
    slanted = few and max(map(len, names), default=0) > 4
    axes.set_xticks(shown, [names[i] for i in shown], parse_math=False)
    axes.set_yticks(shown, [names[i] for i in shown], parse_math=False)
    if slanted or not few:
        for label in axes.get_xticklabels():
            label.set(rotation=45, ha="right", rotation_mode="anchor")
    axes.tick_params(length=0 if few else 3)
    style.axis_names(axes, x="predicted class", y="true class")
    right = int(np.trace(counts))
    style.title(axes, f"Confusion: {right:,} of {int(counts.sum()):,} right")
    if few:
        for row, column in np.argwhere(counts):
            axes.text(
                column,
                row,
                f"{int(counts[row, column]):,}",
                ha="center",
                va="center",
                fontsize=style.SMALL if counts.max() < 1000 else style.SMALL - 1.5,
                color="white" if shares[row, column] > 0.3 else style.INK,
            )
    return figure


def mistakes(
    images: np.ndarray,
    truth: Sequence[int],
    predicted: Sequence[int],
    probability: Sequence[float],
    classes: Sequence[str],
) -> "Figure":
    """The samples that a classifier got wrong with the highest `probability`, most confident first.

    images: uint8 (N, C, H, W), grey or colour, arrays or tensors; at most 24 are shown.
    """
    images, truth, predicted, probability = map(np.asarray, (images, truth, predicted, probability))
    wrong = np.flatnonzero(truth != predicted)
    chosen = wrong[np.argsort(-probability[wrong], kind="stable")][:MOST_MISTAKES]

    from matplotlib.figure import Figure

    columns = min(6, max(3, len(chosen)))
    rows = max(1, -(-len(chosen) // columns))
    figure = Figure(figsize=(1.35 * columns, 1.75 * rows + 0.35), dpi=160, facecolor=style.PAPER, layout="constrained")
    said = "Most confident mistakes: true → predicted" if len(chosen) else "No mistakes"
    figure.suptitle(said, x=0.01, ha="left", fontsize=style.TITLE, color=style.INK)
    panels = list(figure.subplots(rows, columns, squeeze=False).flat)
    for axes in panels:
        axes.set_axis_off()
    names = [_cut(str(name), 17) for name in classes]
    arrow = " → " if max(map(len, names), default=0) <= 8 else "\n→ "  # long names take a line each
    for axes, index in zip(panels, chosen, strict=False):
        picture = images[index].transpose(1, 2, 0)  # (H, W, C)
        axes.imshow(picture.squeeze(-1) if picture.shape[-1] == 1 else picture, cmap="gray", vmin=0, vmax=255)
        said = f"{names[truth[index]]}{arrow}{names[predicted[index]]}\n{100 * probability[index]:.1f} %"
        axes.set_title(said, fontsize=style.SMALL - 0.5, color=style.INK, parse_math=False, pad=3)
    return figure


def _cut(text: str, length: int) -> str:
    """At most `length` characters, the last of which then says that there were more."""
    return text if len(text) <= length else text[: length - 1] + "…"


def dots(line: "Series") -> dict:
    """A short line shows its points, without which a single one would be invisible."""
    return {"marker": "o" if len(line) <= 12 else "", "markersize": 3.5}


def finish_curves(
    axes: "Axes", lines: "Mapping[str, Series]", name: str, title: str, baselines: Mapping[str, float] | None = None
) -> None:
    """Scales, title and the names of lines over epochs already drawn, in the order of LOOKS; what they are held against
    is drawn here.
    """
    from matplotlib.ticker import MaxNLocator

    style.title(axes, title)
    style.axis_names(axes, x="epoch", y="")
    last = max((line.index[-1] for line in lines.values() if len(line)), default=1)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=7, steps=[1, 2, 5, 10], integer=True, min_n_ticks=1))
    axes.set_xlim((0.5, 1.1) if last == 1 else (1 - 0.02 * last, last * 1.02))
    levels = {label: level for label, level in (baselines or {}).items() if np.isfinite(level)}
    scale_metric(axes, lines, name, levels.values())
    label_lines(axes, lines, levels)


def scale_metric(axes: "Axes", lines: "Mapping[str, Series]", name: str, levels: Iterable[float] = ()) -> None:
    """The vertical axis of lines of the metric `name`, and of horizontal lines at `levels`."""
    values = np.concatenate([*(np.asarray(line, dtype=float) for line in lines.values()), [*levels]])
    values = values[np.isfinite(values)]
    far = 5 if name.endswith("loss") else 50
    if not quantities.is_share(name) and len(values) and 0 < far * values.min() < values.max():
        axes.set_yscale("log")  # a loss, or a distance, that falls far
        axes.set_ylim(values.min() / 1.5, values.max() * 1.5)  # a band may reach below 0
        plain_log_ticks(axes.yaxis, lambda value: f"{value:g}")
    metric_ticks(axes, name)
