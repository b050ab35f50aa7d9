"""Anomalies among the errors of an autoencoder: how far they stand apart, and what looks strangest."""

from typing import TYPE_CHECKING

import numpy as np

from dlexp.reporting import style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLUMNS = 8  # images in a row
BINS = 36
KNOWN, STRANGE = style.COLOURS[0], style.COLOURS[1]


def anomalies(
    errors: np.ndarray, strange: np.ndarray, images: np.ndarray, framed: np.ndarray, *, name: str, auc: float
) -> "Figure":
    """Histograms of `errors` (N,), of those that are `strange` (N,) bool and of the others, above `images`.

    `images` (M, C, H, W), 0..1, are those with the largest errors; `framed` (M,) bool says which of them are of the
    class `name`, which the model has never seen.
    """
    from matplotlib.figure import Figure

    rows = -(-len(images) // COLUMNS)
    above, below = 2.6, 0.62 * rows + 0.3  # inches
    figure = Figure(figsize=(style.WIDTH, above + below), dpi=160, facecolor=style.PAPER, layout="constrained")
    upper, lower = figure.subfigures(2, 1, height_ratios=[above, below])
    for part in (upper, lower):
        part.set_facecolor(style.PAPER)

    axes = upper.add_subplot()
    edges = np.linspace(0, errors.max() or 1.0, BINS + 1)
    for which, colour, label in ((~strange, KNOWN, "classes trained with"), (strange, STRANGE, f"{name}: never seen")):
        weights = np.full(which.sum(), 1 / max(which.sum(), 1))
        axes.hist(errors[which], edges, weights=weights, color=colour, alpha=0.6, label=label)
    axes.set_facecolor(style.PAPER)
    axes.spines[["top", "right"]].set_visible(False)
    axes.spines[["left", "bottom"]].set_color(style.MUTED)
    axes.tick_params(colors=style.MUTED, labelcolor=style.INK, labelsize=style.SMALL, length=3)
    axes.yaxis.set_major_formatter(lambda value, _: f"{100 * value:g} %")
    axes.legend(frameon=False, fontsize=style.SMALL, labelcolor=style.INK)
    style.axis_names(axes, x="mean squared error of an image", y="share of the images")
    style.title(axes, f"Errors of test images: AUC {auc:.3f}")

    heading = f"The largest errors: {framed.sum()} of {len(framed)} are {name} (framed)"
    lower.suptitle(heading, x=0.01, ha="left", fontsize=style.TITLE, color=style.INK, parse_math=False)
    panels = list(lower.subplots(rows, COLUMNS, squeeze=False).flat)
    for axes in panels:
        axes.set_xticks([])
        axes.set_yticks([])
        axes.spines[:].set_visible(False)
    for axes, image, frame in zip(panels, images, framed, strict=False):
        picture = image.transpose(1, 2, 0)  # (H, W, C)
        axes.imshow(picture.squeeze(-1) if picture.shape[-1] == 1 else picture, cmap="gray", vmin=0, vmax=1)
        if frame:
            axes.spines[:].set(visible=True, color=STRANGE, linewidth=2.5)
    return figure
