"""A surface over the plane as a map: contour lines, a start and the minima."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from dlexp.reporting import style

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LEVELS = 14
DEPTHS = ("#c9ddec", "#dfeaf3", "#eef3f7", "#f8f9fa", style.PAPER)  # of the ground, from the minimum up


@dataclass(frozen=True)
class Landscape:
    """Values (H, W), from 0 up, over the places x (W,) and y (H,); `start` (2,) and `minima` (M, 2)."""

    x: np.ndarray
    y: np.ndarray
    values: np.ndarray
    start: np.ndarray
    minima: np.ndarray

    def draw(self, axes: "Axes", *, marks: bool = True) -> None:
        """Contour lines at levels that are equally far apart in their logarithm, darker ground where it is low."""
        from matplotlib.colors import LinearSegmentedColormap

        levels = self.levels()
        ground = LinearSegmentedColormap.from_list("ground", DEPTHS)
        heights = np.log10(np.clip(self.values, levels[0], levels[-1]))
        axes.contourf(self.x, self.y, heights, levels=np.log10(levels), cmap=ground)
        axes.contour(self.x, self.y, self.values, levels=levels, colors="#b9c3cc", linewidths=0.6)
        axes.grid(visible=False)
        axes.set_xlim(self.x[0], self.x[-1])
        axes.set_ylim(self.y[0], self.y[-1])
        axes.set_aspect("equal")
        if marks:
            ring = {"color": style.PAPER, "markeredgecolor": style.INK, "markeredgewidth": 1.2, "zorder": 5}
            axes.plot(*self.start, "o", markersize=6, **ring)
            axes.plot(*self.minima.T, "*", markersize=12, linestyle="none", **ring)

    def levels(self) -> np.ndarray:
        """From what one grid point in 200 lies below to the highest."""
        low, high = np.quantile(self.values, 0.005), self.values.max()
        return np.geomspace(max(low, 1e-4 * high), high, LEVELS)
