"""The surface that a line's squared error makes over slope and intercept."""

import numpy as np


def excess(lines: np.ndarray, solution: np.ndarray, x: np.ndarray) -> np.ndarray:
    """(...), the mean squared error of lines (..., 2) above that of `solution` (2,), the best for samples at x (N,).

    The solution's gradient is 0, so that the quadratic form around it is all there is.
    """
    dw, db = np.moveaxis(lines - solution, -1, 0)
    return (x * x).mean() * dw**2 + 2 * x.mean() * dw * db + db**2
