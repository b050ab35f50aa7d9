"""What was swept, on which scale, and whether it was a grid."""

import numpy as np
import pytest

from dlexp.comparison.alternatives import Alternative
from dlexp.comparison.axes import Axis, axes_of, is_grid


def alternatives(**columns):
    """One for each row of the columns; None where a key was not typed."""
    rows = zip(*columns.values(), strict=True)
    found = []
    for row in rows:
        settings = {key: str(value) for key, value in zip(columns, row, strict=True) if value is not None}
        found.append(Alternative(str(settings), (), settings))
    return found


@pytest.mark.parametrize(
    ("values", "numeric", "logarithmic"),
    [
        (["1e-4", "1e-3", "1e-2"], True, True),
        (["16", "32", "64", "128"], True, True),
        (["0.1", "0.3", "1"], True, True),
        (["0.001", "0.003", "0.01", "0.03", "0.1"], True, True),
        (["1", "2", "3"], True, False),
        (["0", "0.1", "0.2", "0.3"], True, False),
        (["0", "1", "10", "100"], True, False),  # no logarithm of nothing
        (["-2", "-1", "1"], True, False),
        (["0.5", "0.7", "0.9"], True, False),
        (["10", "20"], False, False),  # two points make no curve
        (["a", "b", "c"], False, False),
        (["1", "2", "null"], False, False),
        (["1", "2", "nan"], False, False),
        (["1", "2", "inf"], False, False),
        (["[1,2]", "[3]", "4"], False, False),
    ],
)
def test_scale(values, numeric, logarithmic):
    axis = Axis("x", tuple(values))
    assert (axis.numeric, axis.logarithmic) == (numeric, logarithmic)


def test_drawn_values_show_their_scale():
    rng = np.random.default_rng(0)
    even = np.sort(rng.uniform(0, 1, 60))
    assert not Axis("dropout", tuple(map(str, even))).logarithmic
    assert Axis("lr", tuple(map(str, 10 ** (-5 + 4 * even)))).logarithmic


def test_axes_in_order():
    found = axes_of(alternatives(lr=["1e-1", "1e-3", "0.01"], model=["b", "a", "b"], same=["x", "x", "x"]))
    assert [(axis.key, axis.values) for axis in found] == [("lr", ("1e-3", "0.01", "1e-1")), ("model", ("b", "a"))]


def test_a_key_that_some_did_not_type():
    (axis,) = axes_of(alternatives(lr=[None, "0.1", "0.2"], model=["a", "a", "a"]))
    assert axis.values == ("0.1", "0.2")


def grid(*columns):
    return [column.ravel() for column in np.meshgrid(*columns)]


def test_a_sweep_is_a_grid_even_with_holes():
    lr, model = grid(["0.1", "0.2", "0.3"], ["a", "b", "c"])
    full = alternatives(lr=lr, model=model)
    assert is_grid(axes_of(full), full)
    assert is_grid(axes_of(full), full[:-3])


def test_what_lies_on_one_axis_only_fills_no_grid():
    found = alternatives(model=["a", "a", "b", "c"], study=["one", "two", None, None])
    assert not is_grid(axes_of(found), found)


def test_many_even_steps_are_a_grid_too():
    found = alternatives(lr=[f"1e-{i}" for i in range(20)])
    assert is_grid(axes_of(found), found)


@pytest.mark.parametrize("axes", [1, 2, 5])
@pytest.mark.parametrize("trials", [20, 100])
def test_a_search_is_none(axes, trials):
    rng = np.random.default_rng(axes + trials)
    found = alternatives(**{f"x{i}": 10 ** rng.uniform(-4, 0, trials) for i in range(axes)})
    assert not is_grid(axes_of(found), found)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.0019, 0.0022, 0.0023, 0.0026, 0.0027, 0.004, 0.0049, 0.083], True),  # drawn by order of magnitude
        ([0.05, 0.14, 0.27, 0.33, 0.46, 0.55], False),  # drawn evenly
        ([1e-5, 3e-4, 2e-3, 0.1], True),
        ([0.0, 0.1, 0.9], False),
        ([1, 2, 5], False),  # less than a decade
    ],
)
def test_a_scale_for_values_drawn_at_random(values, expected):
    assert Axis("x", tuple(map(str, values))).over_decades == expected
