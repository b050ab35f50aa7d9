"""Codes as points of a plane, coloured by class, and the images along lines between two of them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from dlexp.reporting import style
from dlexp.reporting.image_grid import image_rows

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FEWEST = 8  # samples, of which t-SNE can make a map
NEIGHBOURS = 30  # t-SNE's perplexity, as its authors and scikit-learn have it
MARKERS = (
    {"marker": "o", "markeredgewidth": 0},
    {"marker": "o", "markeredgewidth": 0.8, "markerfacecolor": "none"},
    {"marker": "x", "markeredgewidth": 0.8},
)
LONG = 9  # letters of two classes that take a line each
SAME = 1e-12  # of the codes' mean square: less variance is rounding


def latent_map(codes: np.ndarray, labels: np.ndarray, classes: Sequence[str]) -> "Figure":
    """`codes` (N, L) of images with `labels` (N,): as they are where L is 2, else by PCA and by t-SNE.

    t-SNE (van der Maaten and Hinton 2008) keeps neighbours together and nothing else: its distances and axes mean
    nothing. It begins at the principal components, so that the same codes give the same map.
    """
    panels = planes(np.asarray(codes, dtype=float))
    figure, all_axes = style.new_figure(columns=len(panels), width=4.2, height=4.0)
    for axes, (said, points) in zip(all_axes, panels.items(), strict=True):
        for label, name in enumerate(classes):
            of_class = points[labels == label]
            axes.plot(of_class[:, 0], of_class[:, 1], label=str(name), **look(label))
        style.title(axes, said)
    if codes.shape[1] == 2:
        style.axis_names(all_axes[0], x="first number of the code", y="second number of the code")
    else:
        for axes in all_axes:
            axes.grid(visible=False)
            axes.set_xticks([])
            axes.set_yticks([])
    name_classes(all_axes[-1])
    return figure


def planes(codes: np.ndarray) -> dict[str, np.ndarray]:
    """What is shown, and its points (N, 2)."""
    count, size = codes.shape
    if size == 2:
        return {"The codes of test images": codes}
    if size == 1:
        return {
            "The codes of test images, from left to right": np.stack([codes[:, 0], np.linspace(0, 1, count)], axis=1)
        }
    centred = codes - codes.mean(0)
    rotated, sizes, _ = np.linalg.svd(centred, full_matrices=False)
    variance = np.square(sizes)
    if variance.sum() <= SAME * np.square(codes).sum():
        return {"The codes of all test images are the same": centred[:, :2]}
    share = variance[:2].sum() / variance.sum()
    found = {f"The codes, by PCA: {100 * share:.0f} % of their variance": rotated[:, :2] * sizes[:2]}
    if count >= FEWEST:
        from sklearn.manifold import TSNE

        tsne = TSNE(perplexity=min(NEIGHBOURS, (count - 1) / 3), init="pca", random_state=0, n_jobs=1)
        found["The same codes, by t-SNE"] = tsne.fit_transform(codes)
    return found


def look(label: int) -> dict:
    """Of a class's points: one of seven colours, full for the first seven classes, then as rings, then as crosses."""
    colour, turn = label % len(style.COLOURS), label // len(style.COLOURS) % len(MARKERS)
    return {"linestyle": "", "markersize": 3.2, "alpha": 0.75, "color": style.COLOURS[colour], **MARKERS[turn]}


def name_classes(axes: "Axes") -> None:
    legend = axes.legend(
        loc="center left",
        bbox_to_anchor=(1.0, 0.5),
        fontsize=style.SMALL,
        labelcolor=style.INK,
        frameon=False,
        markerscale=2,
        handletextpad=0.1,
    )
    for text in legend.get_texts():
        text.set_parse_math(False)


def interpolations(ends: np.ndarray, between: np.ndarray, names: Sequence[tuple[str, str]]) -> "Figure":
    """A row for each pair of images: `ends` (R, 2, C, H, W) and, of the codes on the line, `between` (R, S, C, H, W).

    The first of `between` is decoded from the code of the first image, the last from that of the second.
    """
    rows = []
    for (first, second), pair, images in zip(names, ends, between, strict=True):
        arrow = " → " if len(first + second) < LONG else " →\n"
        rows.append((f"{first}{arrow}{second}", np.concatenate([pair[:1], images, pair[1:]])))
    steps = between.shape[1]
    shares = ["code", *(f"{100 * step / (steps - 1):.0f} %" for step in range(1, steps - 1)), "code"]
    heading = "On the line between the codes of two test images"
    return image_rows(rows, heading=heading, above=["image", *shares, "image"])
