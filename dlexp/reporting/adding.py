"""The adding problem in pictures: answers against sums, and one sequence step by step."""

from typing import TYPE_CHECKING

import numpy as np

from dlexp.reporting import style
from dlexp.reporting.labels import label_line_ends

if TYPE_CHECKING:
    from matplotlib.figure import Figure

HIGHEST = 2.0  # sum of two numbers of 0..1


def answers_and_sums(answers: np.ndarray, sums: np.ndarray) -> "Figure":
    """A point for each sequence: what the net says (N,) against the true sum (N,), in front of what always saying 1
    looks like.
    """
    figure, (axes,) = style.new_figure()
    axes.plot([0, HIGHEST], [0, HIGHEST], color=style.MUTED, linewidth=1)
    axes.axhline(1, color=style.MUTED, linewidth=1.3, linestyle=(0, (4, 2)))
    axes.plot(sums, answers, "o", color=style.COLOURS[0], markersize=3, markeredgewidth=0, alpha=0.3)
    low, high = min(0, answers.min()), max(HIGHEST, answers.max())
    axes.set_xlim(-0.05, HIGHEST + 0.05)
    axes.set_ylim(low - 0.05, high + 0.05)
    style.axis_names(axes, x="sum of the two marked numbers", y="answer")
    error, constant = np.square(answers - sums).mean(), np.square(1 - sums).mean()
    style.title(axes, f"Mean squared error {error:.2g}; of always saying 1: {constant:.2g}")
    right = HIGHEST + 0.05
    label_line_ends(axes, [(right, HIGHEST, "right", style.MUTED), (right, 1, "always 1", style.MUTED)])
    return figure


def one_sequence(
    numbers: np.ndarray, marked: np.ndarray, times: np.ndarray, answers: np.ndarray, slopes: np.ndarray
) -> "Figure":
    """Three rows over the time steps, of one sequence.

    Its `numbers` (T,), of which two are `marked` (T,) bool; the answers (M,) that the net would give if the sequence
    ended after so many of its steps as `times` (M,) says; and by how much the answer to the whole sequence grows with
    each number, `slopes` (T,), which should be 1 at the marks and 0 elsewhere.
    """
    figure, _ = style.new_figure(columns=1, height=5.2)
    figure.clear()
    panels = figure.subplots(3, 1, sharex=True)
    steps = np.arange(1, len(numbers) + 1)
    total = numbers[marked].sum()
    colour, other = style.COLOURS[0], style.COLOURS[1]

    top, middle, bottom = panels
    thin = min(1.0, 80 / len(steps))  # points, for stems that must not touch
    for chosen, of, strength in ((~marked, style.MUTED, thin), (marked, other, 2.4)):
        top.vlines(steps[chosen], 0, numbers[chosen], color=of, linewidth=strength)
        top.plot(steps[chosen], numbers[chosen], "o", color=of, markersize=0.4 + 2.4 * strength)
    known = np.cumsum(numbers * marked)  # (T,)
    middle.step(np.append(steps, steps[-1] + 1) - 0.5, np.append(known, known[-1]), where="post", color=style.MUTED)
    middle.plot(times, answers, color=colour, linewidth=1.8)
    bottom.vlines(steps, 0, slopes, color=np.where(marked, other, colour), linewidth=1.6)
    bottom.axhline(1, color=style.MUTED, linewidth=1.3, linestyle=(0, (4, 2)))
    bottom.axhline(0, color=style.MUTED, linewidth=0.8)

    first, second = numbers[marked]
    style.title(top, f"A sequence; marked are {first:.2f} and {second:.2f}")
    style.title(middle, f"If it ended here: {answers[-1]:.3f} at the end (grey: the sum, {total:.3f})")
    style.title(bottom, "Weight of each number (right: 1 where marked, else 0)")
    for axes, name in zip(panels, ("number", "answer", "weight"), strict=True):
        axes.set_facecolor(style.PAPER)
        axes.spines[["top", "right"]].set_visible(False)
        axes.spines[["left", "bottom"]].set_color(style.MUTED)
        axes.grid(color=style.GRID, linewidth=0.8)
        axes.set_axisbelow(True)
        axes.tick_params(colors=style.MUTED, labelcolor=style.INK, labelsize=style.SMALL, length=3)
        style.axis_names(axes, x="time step" if axes is bottom else "", y=name)
    figure.align_ylabels(panels)
    return figure
