"""The trials of a search, read back from the axes."""

import numpy as np
import pytest

from dlexp.reporting.scatter import scatter


@pytest.mark.parametrize("logarithmic", [True, False])
def test_every_trial_is_a_point_and_none_are_joined(logarithmic, assert_drawn):
    rng = np.random.default_rng(0)
    values, metrics = list(10 ** rng.uniform(-5, -1, 40)), list(rng.uniform(0.8, 0.9, 40))
    figure = scatter(values, metrics, name="val/accuracy", axis="optimizer.lr", logarithmic=logarithmic, best=3)
    (axes,) = figure.axes
    points, ring = axes.lines
    assert points.get_linestyle() == ring.get_linestyle() == "None"
    np.testing.assert_allclose(points.get_xydata(), np.column_stack([values, metrics]))
    np.testing.assert_allclose(ring.get_xydata(), [[values[3], metrics[3]]])
    assert axes.get_xscale() == ("log" if logarithmic else "linear")
    low, high = axes.get_xlim()
    assert low < min(values)
    assert high > max(values)
    assert_drawn(figure)
