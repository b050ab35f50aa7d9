"""The probability of admission over gre and gpa, a panel for each rank, with the applicants on it."""

from typing import TYPE_CHECKING

import numpy as np

from dlexp.reporting import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NO, YES = style.COLOURS[0], style.COLOURS[1]
SHADES = ("#8fc1e3", "#fefefe", "#f2b28a")  # of a probability from 0 over one half to 1
LEVELS = (0.25, 0.5, 0.75)


def admission_map(
    maps: np.ndarray,
    *,
    gre: np.ndarray,
    gpa: np.ndarray,
    applicants: np.ndarray,
    source: str,
    accuracy: float,
    majority: float,
) -> "Figure":
    """`maps` (4, H, W): P(admit) for each rank over `gpa` (H,) and `gre` (W,).

    `applicants` (N, 4): admit, gre, gpa, rank. `source` says whose they are. `accuracy`, and
    `majority`, that of always saying no, are of the test split.
    """
    from matplotlib.colors import LinearSegmentedColormap

    figure, panels = style.new_figure(columns=len(maps), width=2.15, height=3.75)
    colours = LinearSegmentedColormap.from_list("admission", SHADES)
    for rank, (axes, shares) in enumerate(zip(panels, maps, strict=True), start=1):
        image = axes.pcolormesh(gre, gpa, shares, cmap=colours, vmin=0, vmax=1, shading="gouraud", rasterized=True)
        lines(axes, gre, gpa, shares)
        points(axes, applicants[applicants[:, 3] == rank])
        axes.grid(visible=False)
        axes.set_xlim(gre[0] - 12, gre[-1] + 12)
        axes.set_ylim(gpa[0] - 0.04, gpa[-1] + 0.04)
        axes.set_xticks([tick for tick in (200, 400, 600, 800) if tick >= gre[0]])
        style.axis_names(axes, x="gre", y="gpa" if rank == 1 else "")
        axes.tick_params(labelleft=rank == 1)
        style.title(axes, f"rank {rank}")
    bar = figure.colorbar(image, ax=panels, aspect=30, pad=0.01, ticks=[0, 0.25, 0.5, 0.75, 1])
    bar.ax.set_yticklabels(["0", "25", "50", "75", "100"], fontsize=style.SMALL, color=style.INK)
    bar.set_label("probability of admission (%)", fontsize=style.SMALL, color=style.MUTED)
    bar.outline.set_visible(False)
    bar.ax.tick_params(color=style.MUTED, length=2)
    said = f"Right on {100 * accuracy:.1f} % of the test split, always saying no on {100 * majority:.1f} % · {source}"
    figure.suptitle(said, x=0.01, ha="left", fontsize=style.TITLE, color=style.INK, parse_math=False)
    legend(figure)
    return figure


def lines(axes: "Axes", gre: np.ndarray, gpa: np.ndarray, shares: np.ndarray) -> None:
    """Equal probabilities; the thick one is where yes begins."""
    between = [level for level in LEVELS if shares.min() < level < shares.max()]
    if between:
        widths = [1.8 if level == 0.5 else 0.7 for level in between]
        drawn = axes.contour(gre, gpa, shares, levels=between, colors=style.INK, linewidths=widths)
        axes.clabel(drawn, fmt=lambda level: f"{100 * level:.0f} %", fontsize=style.SMALL - 1)


def points(axes: "Axes", applicants: np.ndarray) -> None:
    no, yes = applicants[applicants[:, 0] == 0], applicants[applicants[:, 0] == 1]
    axes.plot(no[:, 1], no[:, 2], "o", markersize=3.6, color="none", markeredgecolor=NO, markeredgewidth=0.9)
    axes.plot(yes[:, 1], yes[:, 2], "o", markersize=4.4, color=YES, markeredgecolor=style.PAPER, markeredgewidth=0.5)


def legend(figure: "Figure") -> None:
    from matplotlib.lines import Line2D

    figure.legend(
        handles=[
            Line2D([], [], marker="o", linestyle="", color=YES, markeredgecolor=style.PAPER, label="admitted"),
            Line2D([], [], marker="o", linestyle="", color="none", markeredgecolor=NO, label="rejected"),
            Line2D([], [], color=style.INK, linewidth=1.8, label="as likely as not"),
        ],
        loc="outside lower left",
        ncols=3,
        fontsize=style.SMALL,
        labelcolor=style.INK,
        frameon=False,
    )
