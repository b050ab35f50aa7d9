"""How far from a plane two classes can be at best: what bounds the mistakes of a perceptron."""

import numpy as np
from torch import Tensor

TOUCHING = 1e-9  # margins below it, relative to the longest sample, are none


def best_margin(x: Tensor, labels: Tensor) -> tuple[float, float]:
    """(margin, radius) of samples (N, …) with a 1 appended to each, for the bias, and labels (N,) 0 and 1.

    The radius is the length of the longest sample. The margin is the largest of all min_i y_i (w x_i + b) with
    |w|^2 + b^2 = 1, and 0 where no plane separates the classes. It is the distance from the origin to the convex hull
    of the signed samples z_i = y_i (x_i, 1): with a >= 0, the smallest |Z^T a|^2 + (sum a - 1)^2 is where Z^T a points
    to the nearest place of the hull.
    """
    from scipy.optimize import nnls

    x = x.flatten(1).double().cpu().numpy()
    z = (2.0 * labels.cpu().numpy()[:, None] - 1) * np.hstack([x, np.ones((len(x), 1))])  # (N, D + 1)
    radius = np.linalg.norm(z, axis=1).max()
    hull = np.vstack([z.T / radius, np.ones(len(z))])  # (D + 2, N)
    weights, _ = nnls(hull, np.eye(len(hull))[-1])  # (N,)
    nearest = z.T @ weights  # (D + 1,), a multiple of it
    margin = (z @ nearest).min() / max(np.linalg.norm(nearest), 1e-300)  # of this plane: no more than the best one's
    return (float(margin) if margin > TOUCHING * radius else 0.0), float(radius)
